import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { processNames } from "../../contract/ports.ts";
import { parseEnv } from "../../lib/env.ts";
import { logDateFormat } from "../../lib/processes/pm2-app-config.ts";
import { processPorts, readOwnProcesses } from "../control/own-processes.ts";

interface Layout {
  layout(variables: NodeJS.ProcessEnv, root: string): Record<string, unknown>;
  processEnvironment(variables: NodeJS.ProcessEnv): Record<string, string>;
  rootDir: string;
}

const load = createRequire(import.meta.url);
const { layout, processEnvironment, rootDir } = load("./layout.cjs") as Layout;

test.each([
  ["nothing set", {}],
  ["another base port", { PORTOS_BASE_PORT: "21000" }],
  ["folders, relative and absolute", { PORTOS_DATA_DIR: "elsewhere/data", PORTOS_STATE_DIR: "/tmp/state" }],
  ["a port for Chrome", { CDP_PORT: "9222", PORTOS_DATA_DIR: "/tmp/some-data" }],
  ["empty variables", { PORTOS_BASE_PORT: "", PORTOS_STATE_DIR: "", CDP_PORT: "" }],
])("ports and folders are those of lib/env.ts: %s", (_, variables) => {
  const root = mkdtempSync(join(tmpdir(), "portos-layout-"));
  const { ports, dataDir, stateDir, pm2Home, logsDir } = parseEnv(variables, root);
  expect(layout(variables, root)).toEqual({ rootDir: root, ports, dataDir, stateDir, pm2Home, logsDir });
  rmSync(root, { recursive: true });
});

test("our processes get the machine's settings and our variables, and npm's folders leave the path", () => {
  const variables = {
    PATH: "/project/node_modules/.bin:/node_modules/.bin:/usr/lib/node-gyp-bin:/usr/bin",
    HOME: "/home/me",
    PORTOS_BASE_PORT: "21000",
    HOST: "127.0.0.1",
    GITHUB_TOKEN: "secret",
    npm_config_cache: "/x",
    TZ: "Europe/Berlin",
  };
  expect(processEnvironment(variables)).toEqual({
    PATH: "/usr/bin",
    HOME: "/home/me",
    PORTOS_BASE_PORT: "21000",
    HOST: "127.0.0.1",
    NODE_ENV: "production",
    TZ: "UTC",
    MALLOC_ARENA_MAX: "2",
  });
  expect(() => parseEnv(processEnvironment(variables), "/project")).not.toThrow();
});

test("the ecosystem file has the six processes on their ports, with logs and limits", () => {
  const processes = readOwnProcesses(rootDir);
  const { ports, logsDir } = parseEnv(process.env, rootDir);
  expect(processes.map(({ name }) => name)).toEqual(processNames);
  for (const { name, port, spec } of processes) {
    expect(port).toBe(ports[processPorts[name]]);
    expect(spec.logFile).toBe(join(logsDir, `${name}.log`));
    expect(spec.env["TZ"]).toBe("UTC");
    expect(spec.maxMemoryBytes).toBeGreaterThan(100e6);
    expect(spec).toMatchObject({ namespace: "portos", cwd: rootDir, waitReady: true, treekill: name !== "portos-cos" });
    expect(spec.killTimeoutMs).toBeGreaterThan(10_000);
  }
});

test("PM2 itself reads the same date format and one log file per process", () => {
  const { apps } = load("../../ecosystem.config.cjs") as { apps: Record<string, unknown>[] };
  for (const app of apps) {
    expect(app).toMatchObject({ log_date_format: logDateFormat, merge_logs: true, filter_env: true });
    expect(app["out_file"]).toBe(app["error_file"]);
  }
});
