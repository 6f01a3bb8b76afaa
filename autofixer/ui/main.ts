import { runService } from "../../lib/service-main.ts";
import { createAutofixerUi } from "./app.ts";

runService("portos-autofixer-ui", async (context) => {
  const app = await createAutofixerUi(context);
  await app.start();
  return app;
});
