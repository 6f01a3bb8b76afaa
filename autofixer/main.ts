import { runService } from "../lib/service-main.ts";
import { createAutofixerApp } from "./app.ts";

runService("portos-autofixer", async (context) => {
  const app = await createAutofixerApp(context);
  await app.start();
  return app;
});
