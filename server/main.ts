import { runService } from "../lib/service-main.ts";
import { createApp } from "./app.ts";

runService("portos-server", async ({ env, logger }) => {
  const app = await createApp({ env, logger });
  await app.listen(env.host, env.ports.server);
  return { stop: () => app.stop() };
});
