import type { Env } from "../lib/env.ts";
import type { Logger } from "../lib/logger.ts";
import { createPm2Client, type Pm2Client } from "../lib/processes/pm2-client.ts";
import type { Pm2HomeName } from "../lib/processes/pm2-types.ts";
import type { Pm2Homes } from "./process-control.ts";

/** The PM2 clients of both homes, without their output: what a process prints is read from its file. */
export function openHomes(env: Env, logger: Logger): Pm2Homes {
  const open = (home: Pm2HomeName, directory: string): Pm2Client =>
    createPm2Client({ home, directory, logger, withOutput: false });
  return { portos: open("portos", env.pm2Home), user: env.userPm2Home ? open("user", env.userPm2Home) : null };
}
