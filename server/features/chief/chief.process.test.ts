import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { startCos } from "../../../cos/app.ts";
import { parseEnv, type Env } from "../../../lib/env.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { freePort } from "../../../lib/testing/free-port.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";

const fakeCli = fileURLToPath(new URL("../../../cos/agents/testing/fake-cli.mjs", import.meta.url));

let program = "";
let directory = "";
let base = "";
let env: Env;
let variables: Record<string, string>;
let server: ChildProcess | null = null;
let cos: Awaited<ReturnType<typeof startCos>>;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(base + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const reply = (await response.json()) as T;
  if (!response.ok) throw new Error(JSON.stringify(reply));
  return reply;
}

async function startServer(): Promise<void> {
  server = spawn(process.execPath, [program], { env: variables, stdio: "ignore" });
  await until(
    () =>
      call("GET", "/api/chief").then(
        () => true,
        () => false, // not there yet
      ),
    20_000,
  );
}

async function kill(): Promise<void> {
  const child = server;
  if (!child) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

beforeAll(async () => {
  program = await bundleProgram("server/main.ts");
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-chief-kill-")));
  const port = await freePort();
  variables = {
    PATH: process.env["PATH"] ?? "",
    HOME: directory,
    NODE_ENV: "test",
    PORTOS_BASE_PORT: String(port),
    PORTOS_DATA_DIR: join(directory, "data"),
    PORTOS_STATE_DIR: join(directory, "state"),
    PORTOS_CONFIG_DIR: join(directory, "config"),
    PORTOS_USER_PM2_HOME: "none",
  };
  env = parseEnv(variables, process.cwd());
  base = `http://127.0.0.1:${env.ports.server}`;
  cos = await startCos({ env, logger: silentLogger, port: env.ports.cos });
  await startServer();
}, 60_000);

afterAll(async () => {
  await kill();
  await cos.stop();
  await rm(program, { force: true });
  await rm(directory, { recursive: true, force: true });
});

describe("tasks when portos-server is killed while it starts them", () => {
  it("are each done once, and none is left lying", { timeout: 120_000 }, async () => {
    const input = { type: "cli", name: "Worker", agent: "gemini", command: [process.execPath, fakeCli] };
    await call("POST", "/api/providers", { id: "worker", input });
    await call("POST", "/api/providers/worker/enable");
    const choice = { kind: "provider", providerId: "worker" };
    for (let number = 1; number <= 8; number += 1)
      await call("POST", "/api/tasks", {
        title: `Task ${number}`,
        instructions: "wait 300\nsay done",
        choice,
        needsReview: false,
      });
    const { settings } = await call<{ settings: object }>("GET", "/api/chief");
    await call("PUT", "/api/chief", { ...settings, isOn: true, limits: { total: 3, perApp: 3, perProvider: 3 } });
    const states = async (): Promise<string[]> =>
      (await call<{ tasks: Task[] }>("GET", "/api/tasks")).tasks.map(({ state }) => state);
    for (let round = 0; round < 7; round += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20 + round * 37);
      });
      await kill();
      await startServer();
    }
    await until(async () => (await states()).every((state) => state === "done"), 60_000);
    const { items } = await call<{ items: Run[] }>("GET", "/api/runs?limit=200");
    expect(items.map(({ title, state }) => `${title} ${state}`).toSorted()).toEqual(
      Array.from({ length: 8 }, (_, index) => `Task ${index + 1} succeeded`),
    );
    expect(await states()).toHaveLength(8);
  });
});
