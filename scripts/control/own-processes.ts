import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

import { z } from "zod";

import { processNames, type PortName, type ProcessName } from "../../contract/ports.ts";
import inherited from "../../lib/processes/inherited-variables.json" with { type: "json" };
import type { Pm2StartSpec } from "../../lib/processes/pm2-types.ts";

/** One of the six processes: how PM2 starts it, where it answers, and what tells whether a running one is current. */
export interface OwnProcess {
  name: ProcessName;
  port: number;
  spec: Pm2StartSpec;
  /** Changes with the built code and with every setting of the process. */
  fingerprint: string;
  isBuilt: boolean;
}

/** Port of each process, as named in the contract. */
export const processPorts: Record<ProcessName, PortName> = {
  "portos-server": "server",
  "portos-ui": "ui",
  "portos-browser": "browserHealth",
  "portos-cos": "cos",
  "portos-autofixer": "autofixer",
  "portos-autofixer-ui": "autofixerUi",
};

/** The fields of ecosystem.config.cjs we use, under the names PM2 gives them. */
const appSchema = z.object({
  name: z.enum(processNames),
  namespace: z.string(),
  cwd: z.string(),
  script: z.string(),
  interpreter: z.string(),
  node_args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  out_file: z.string(),
  exp_backoff_restart_delay: z.number(),
  min_uptime: z.number(),
  max_restarts: z.number(),
  max_memory_restart: z.number(),
  kill_timeout: z.number(),
  wait_ready: z.boolean(),
  listen_timeout: z.number(),
  treekill: z.boolean(),
});

/** Reads the six processes from `ecosystem.config.cjs` of this project, with the environment as it is now. */
export function readOwnProcesses(rootDir: string): OwnProcess[] {
  const load = createRequire(join(rootDir, "package.json"));
  const config = z.object({ apps: z.array(appSchema) }).parse(load("./ecosystem.config.cjs"));
  return config.apps.map((app) => {
    const spec = toSpec(app);
    const built = readBuild(rootDir, basename(app.script, ".js"));
    const hash = createHash("sha256")
      .update(settingsOf(spec))
      .update(built ?? "");
    return {
      name: app.name,
      port: Number(app.env["PORT"]),
      spec,
      fingerprint: hash.digest("hex").slice(0, 16),
      isBuilt: built !== null,
    };
  });
}

const inheritedNames: ReadonlySet<string> = new Set(inherited);

/** What makes a running process outdated. The machine's own variables do not: they differ from one terminal to the next. */
function settingsOf(spec: Pm2StartSpec): string {
  const env = Object.entries(spec.env).filter(([name]) => !inheritedNames.has(name) && !/^(?:LC|XDG)_/.test(name));
  return JSON.stringify({ ...spec, env: env.toSorted(([a], [b]) => (a < b ? -1 : 1)) });
}

function toSpec(app: z.output<typeof appSchema>): Pm2StartSpec {
  return {
    name: app.name,
    namespace: app.namespace,
    cwd: app.cwd,
    script: app.script,
    args: [],
    interpreter: app.interpreter,
    interpreterArgs: app.node_args,
    env: app.env,
    logFile: app.out_file,
    maxMemoryBytes: app.max_memory_restart,
    killTimeoutMs: app.kill_timeout,
    waitReady: app.wait_ready,
    listenTimeoutMs: app.listen_timeout,
    expBackoffMs: app.exp_backoff_restart_delay,
    minUptimeMs: app.min_uptime,
    maxRestarts: app.max_restarts,
    treekill: app.treekill,
    hasSourceMaps: false,
  };
}

const stampSchema = z.object({ output: z.string() });

function readBuild(rootDir: string, target: string): string | null {
  try {
    return stampSchema.parse(JSON.parse(readFileSync(join(rootDir, "dist/.stamp", `${target}.json`), "utf8"))).output;
  } catch {
    return null; // not built
  }
}
