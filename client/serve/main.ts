import { runService } from "../../lib/service-main.ts";
import { createUiService } from "./ui-service.ts";

runService("portos-ui", async ({ env, logger }) => {
  const service = createUiService({ env, logger });
  await service.start();
  return service;
});
