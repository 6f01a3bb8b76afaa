import { join } from "node:path";

import type { Settings } from "../../../contract/features/settings.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Env } from "../../../lib/env.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-types.ts";
import { redact } from "../../../lib/redact.ts";
import type { Mount } from "../../http/mount.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import { registerLogsChannel } from "./channel.ts";
import { createGzSpool } from "./gz-spool.ts";
import { createLogCatalog } from "./log-catalog.ts";
import { createLogRotator } from "./log-rotator.ts";
import { createLogService, type LogService } from "./log-service.ts";
import { retentionFrom } from "./retention-from.ts";
import { mountLogs } from "./routes.ts";

export interface LogsDependencies {
  mount: Mount;
  realtime: Realtime;
  env: Pick<Env, "logsDir" | "stateDir">;
  clock: Clock;
  logger: Logger;
  settings: () => Settings["logs"];
  /** The processes of both PM2 homes as last seen. */
  processes: () => Pm2Process[] | Promise<Pm2Process[]>;
  /** Whether there is an app of this id. */
  hasApp: (appId: string) => boolean;
  /** Makes our PM2 open all log files anew. */
  reloadLogs: () => Promise<void>;
}

/** Builds and mounts the logs feature, and starts rotation. */
export function buildLogs(dependencies: LogsDependencies): { service: LogService; stop(): Promise<void> } {
  const { mount, realtime, env, clock, settings, processes, hasApp, reloadLogs } = dependencies;
  const logger = dependencies.logger.child("logs");
  const retention = () => retentionFrom(settings());
  const spool = createGzSpool({ directory: join(env.stateDir, "cache", "logs") });
  spool.clear().catch((error: unknown) => {
    logger.warn("Unpacked logs of an earlier run could not be removed", {
      reason: error instanceof Error ? error.message : String(error),
    });
  });
  const rotator = createLogRotator({ logsDir: env.logsDir, retention, reloadLogs, clock, logger });
  const service = createLogService({
    catalog: createLogCatalog({ processes, logsDir: env.logsDir, hasApp }),
    spool,
    rotator,
    retention,
    redact,
    clock,
    logger,
  });
  mountLogs(mount, service);
  registerLogsChannel(realtime, service, logger);
  rotator.start();
  return { service, stop: () => rotator.stop() };
}
