import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { z } from "zod";

import { defaultBasePort, portsFrom, type Ports } from "../contract/ports.ts";
import { AppError } from "./app-error.ts";
import "./plain-issues.ts";

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()])));

function portBetween(lowest: number, highest: number) {
  const error = `must be a whole number from ${lowest} to ${highest}`;
  return z.coerce.number(error).int(error).min(lowest, error).max(highest, error);
}

/** Every variable of our own. A `PORTOS_` name that is not here is refused, so that a typing error is not ignored. */
export const portosVariables = z.strictObject({
  PORTOS_BASE_PORT: portBetween(1024, 65_529).default(defaultBasePort),
  PORTOS_DATA_DIR: z.string().min(1).optional(),
  /** PM2 home, logs and the copy of PM2; short, because its sockets must fit into 98 characters. */
  PORTOS_STATE_DIR: z.string().min(1).optional(),
  /** Where the key that seals secrets lives. */
  PORTOS_CONFIG_DIR: z.string().min(1).optional(),
  PORTOS_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  /** Further host names (with or without port) under which the panel may be opened, comma separated. */
  PORTOS_ALLOWED_HOSTS: list,
  /** Further networks (CIDR) whose machines may talk to the panel, comma separated. */
  PORTOS_ALLOWED_PEERS: list,
  /** Chrome or Chromium to use instead of the one found; `none` for no browser at all. */
  PORTOS_CHROME: z.string().min(1).optional(),
  /** The user's own PM2 home; `none` ignores it. */
  PORTOS_USER_PM2_HOME: z.string().min(1).optional(),
  /** For programs that come in over MCP (`npm run mcp`); whoever has them in his shell may start PortOS there all the same. */
  PORTOS_MCP_URL: z.string().optional(),
  PORTOS_MCP_TOKEN: z.string().optional(),
  PORTOS_MCP_TOKEN_FILE: z.string().optional(),
});

const fieldVariables = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  PORT: portBetween(1, 65_535).optional(),
  HOST: z.string().min(1).default("0.0.0.0"),
  TZ: z.string().min(1).default("UTC"),
  CDP_PORT: portBetween(1, 65_535).optional(),
  CDP_HOST: z.enum(["127.0.0.1", "localhost", "::1"]).default("127.0.0.1"),
  VITE_API_HOST: z.string().min(1).default("127.0.0.1"),
});

/** What a process knows about its surroundings; parsed once, then passed in. Paths are absolute. */
export interface Env {
  nodeEnv: "development" | "production" | "test";
  /** Address the public listeners bind to. Loopback-only processes ignore it. */
  host: string;
  ports: Ports;
  cdpHost: string;
  /** Host on which portos-ui reaches the API. */
  apiHost: string;
  /** Folder of the project: where `package.json` is. */
  rootDir: string;
  dataDir: string;
  stateDir: string;
  /** PM2 home of our own, `<stateDir>/pm2`. */
  pm2Home: string;
  /** Log files of our own processes, `<stateDir>/logs`. */
  logsDir: string;
  configDir: string;
  /** The user's own PM2 home, or `null` when it shall be ignored. It need not exist. */
  userPm2Home: string | null;
  logLevel: "debug" | "info" | "warn" | "error";
  allowedHosts: string[];
  allowedPeers: string[];
  chromePath: string | null;
}

/** Parses the environment. Throws `invalid_request` naming every wrong or unknown variable and its rule. */
export function parseEnv(variables: NodeJS.ProcessEnv, rootDir: string): Env {
  const own = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => name.startsWith("PORTOS_") && value !== ""),
  );
  const field = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const ours = portosVariables.safeParse(own);
  const general = fieldVariables.safeParse(field);
  if (!ours.success || !general.success) {
    const issues = [...(ours.error?.issues ?? []), ...(general.error?.issues ?? [])].map((issue) =>
      issue.code === "unrecognized_keys"
        ? { path: issue.keys.join(", "), message: "is not a variable PortOS knows" }
        : { path: issue.path.join("."), message: issue.message },
    );
    throw new AppError(
      "invalid_request",
      `Wrong environment: ${issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`,
      { issues },
    );
  }
  return toEnv(ours.data, general.data, rootDir);
}

function toEnv(own: z.output<typeof portosVariables>, general: z.output<typeof fieldVariables>, rootDir: string): Env {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(rootDir, path));
  const ports = portsFrom(own.PORTOS_BASE_PORT);
  const dataDir = absolute(own.PORTOS_DATA_DIR ?? "data");
  const stateDir = absolute(own.PORTOS_STATE_DIR ?? join(homedir(), ".local/state/portos", stateName(dataDir)));
  return {
    nodeEnv: general.NODE_ENV,
    host: general.HOST,
    ports: general.CDP_PORT === undefined ? ports : { ...ports, cdp: general.CDP_PORT },
    cdpHost: general.CDP_HOST,
    apiHost: general.VITE_API_HOST,
    rootDir,
    dataDir,
    stateDir,
    pm2Home: join(stateDir, "pm2"),
    logsDir: join(stateDir, "logs"),
    configDir: absolute(own.PORTOS_CONFIG_DIR ?? join(homedir(), ".config/portos")),
    userPm2Home:
      own.PORTOS_USER_PM2_HOME === "none" ? null : absolute(own.PORTOS_USER_PM2_HOME ?? join(homedir(), ".pm2")),
    logLevel: own.PORTOS_LOG_LEVEL,
    allowedHosts: own.PORTOS_ALLOWED_HOSTS,
    allowedPeers: own.PORTOS_ALLOWED_PEERS,
    chromePath: own.PORTOS_CHROME ?? null,
  };
}

/** Eight hex digits that stand for one data folder, whatever name it was reached by. */
export function stateName(dataDir: string): string {
  let real = dataDir;
  try {
    real = realpathSync(dataDir);
  } catch {
    real = dataDir; // not made yet: the plain path stands for it
  }
  return createHash("sha256").update(real).digest("hex").slice(0, 8);
}
