import { runService } from "../lib/service-main.ts";
import { createBrowserApp } from "./app.ts";

runService("portos-browser", async (context) => {
  const app = await createBrowserApp(context);
  await app.start();
  return app;
});
