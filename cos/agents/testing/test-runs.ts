import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { WebSocket } from "ws";

import type { RunEvent, RunEventBody } from "../../../contract/features/run-events.ts";
import type { Run } from "../../../contract/features/runs.ts";
import {
  internalRunsEndpoints,
  runsMessageSchema,
  runsSocketPath,
  type RunSpec,
  type RunsMessage,
  type RunTarget,
} from "../../../contract/internal/runs.ts";
import { parseEnv } from "../../../lib/env.ts";
import { createInternalClient, type InternalClient } from "../../../lib/internal-client.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { startCos, type CosOptions } from "../../app.ts";

type Body<K extends RunEventBody["kind"]> = Extract<RunEventBody, { kind: K }>;

/** portos-cos with a data folder of its own, seen through its runs. */
export interface TestRuns {
  dataDir: string;
  folder: string;
  port: number;
  client: InternalClient<typeof internalRunsEndpoints>;
  /** Starts a run; what is left out has a default. */
  start(spec: Partial<RunSpec> & { targets: RunTarget[] }): Promise<Run>;
  until(id: string, isTrue: (run: Run) => boolean, timeoutMs?: number): Promise<Run>;
  ended(id: string, timeoutMs?: number): Promise<Run>;
  events(id: string): Promise<RunEvent[]>;
  /** The answer as one text. */
  answer(id: string): Promise<string>;
  bodies<K extends RunEventBody["kind"]>(id: string, kind: K): Promise<Body<K>[]>;
  listen(): Promise<{ messages: RunsMessage[]; close(): void }>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

let lastId = 0;

/** An id no other run of the tests has. */
export function newRunId(): string {
  lastId += 1;
  return `run-test${Date.now().toString(36)}${String(lastId).padStart(6, "0")}`;
}

const fakeCli = fileURLToPath(new URL("fake-cli.mjs", import.meta.url));
const fakeAcpAgent = fileURLToPath(new URL("fake-acp-agent.mjs", import.meta.url));

type ProgramTarget = Exclude<RunTarget, { engine: "api" }>;

/** The fake program with a JSON stream as a target. */
export function cliTarget(more: Partial<ProgramTarget> = {}): RunTarget {
  return {
    providerId: "fake",
    providerName: "Fake",
    providerType: "cli",
    model: null,
    reason: "First choice",
    engine: "headless",
    agent: "gemini",
    command: [process.execPath, fakeCli],
    environment: {},
    timeoutMs: 60_000,
    price: null,
    ...more,
  };
}

/** The fake agent of the Agent Client Protocol as a target. */
export function acpTarget(args: string[] = [], more: Partial<ProgramTarget> = {}): RunTarget {
  const command = [process.execPath, fakeAcpAgent, ...args];
  return cliTarget({ providerType: "acp", engine: "acp", agent: "custom", command, ...more });
}

const openStates = new Set(["created", "queued", "running", "waiting"]);

export async function startTestRuns(options: Partial<CosOptions> = {}): Promise<TestRuns> {
  const dataDir = mkdtempSync(join(tmpdir(), "portos-runs-"));
  const folder = mkdtempSync(join(tmpdir(), "portos-work-"));
  const env = parseEnv(
    {
      NODE_ENV: "test",
      PORTOS_DATA_DIR: dataDir,
      PORTOS_CONFIG_DIR: join(dataDir, "c"),
      PORTOS_STATE_DIR: join(dataDir, "s"),
    },
    process.cwd(),
  );
  const begin = (): ReturnType<typeof startCos> => startCos({ env, logger: silentLogger, port: 0, ...options });
  let running = await begin();
  const runs: TestRuns = {
    ...clientOf(running.port),
    dataDir,
    folder,
    port: running.port,
    async start(spec) {
      return runs.client.start({ body: { ...defaults(folder), ...spec } });
    },
    async restart() {
      await running.stop();
      running = await begin();
      Object.assign(runs, clientOf(running.port), { port: running.port });
    },
    async stop() {
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return runs;
}

/** A run of the fake program as far as the test says nothing else. */
export function defaults(folder: string): Omit<RunSpec, "targets"> {
  return {
    id: newRunId(),
    title: "Test",
    source: { kind: "test", id: "test" },
    groupId: null,
    appId: null,
    permissionMode: "ask-writes",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    taskType: null,
    setup: null,
    prompt: null,
    folder,
    text: "say hello",
    priority: "normal",
  };
}

type ClientParts = Pick<TestRuns, "client" | "until" | "ended" | "events" | "answer" | "bodies" | "listen">;

/** What can be asked of a portos-cos on this port. */
export function clientOf(port: number): ClientParts {
  const client = createInternalClient(internalRunsEndpoints, {
    baseUrl: `http://127.0.0.1:${port}`,
    name: "portos-cos",
  });
  const parts: ClientParts = {
    client,
    async until(id, isTrue, timeoutMs = 20_000) {
      const limit = performance.now() + timeoutMs;
      for (;;) {
        const run = await client.get({ params: { id } });
        if (isTrue(run)) return run;
        if (performance.now() > limit)
          throw new Error(`Not so within ${timeoutMs} ms: ${run.state} ${run.message ?? ""}`);
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
    },
    ended: (id, timeoutMs) => parts.until(id, ({ state }) => !openStates.has(state), timeoutMs),
    async events(id) {
      const all: RunEvent[] = [];
      for (;;) {
        const { events, last } = await client.events({ params: { id }, query: { after: all.length, limit: 2_000 } });
        all.push(...events);
        if (events.length === 0 || all.length >= last) return all;
      }
    },
    async answer(id) {
      return (await parts.bodies(id, "text")).map(({ text }) => text).join("");
    },
    async bodies<K extends RunEventBody["kind"]>(id: string, kind: K) {
      const events = await parts.events(id);
      return events.map(({ body }) => body).filter((body): body is Body<K> => body.kind === kind);
    },
    async listen() {
      const messages: RunsMessage[] = [];
      const socket = new WebSocket(`ws://127.0.0.1:${port}${runsSocketPath}`);
      socket.on("message", (data: Buffer) => messages.push(runsMessageSchema.parse(JSON.parse(data.toString("utf8")))));
      await new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
      });
      return {
        messages,
        close: () => {
          socket.terminate();
        },
      };
    },
  };
  return parts;
}
