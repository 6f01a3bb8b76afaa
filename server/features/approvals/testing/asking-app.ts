import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import type { Approval } from "../../../../contract/features/approvals.ts";
import type { PermissionRequest } from "../../../../contract/features/run-events.ts";
import type { Run } from "../../../../contract/features/runs.ts";
import type { AppOptions } from "../../../app.ts";
import { createFakeRuns, type FakeRuns } from "../../../testing/fake-runs.ts";
import { startTestApp, type TestApp } from "../../../testing/test-app.ts";

/** A real portos-server before a portos-cos whose runs ask what the test says. */
export interface AskingApp {
  app: TestApp;
  cos: FakeRuns;
  directory: string;
  /** A run that is being worked on. */
  run(parts?: Partial<Run>): Run;
  /** The run asks; resolves with nothing, as the server learns it on its own. */
  ask(id: string, ...requests: PermissionRequest[]): void;
  /** The question the server has put down; waits for it. */
  pending(): Promise<Approval>;
  /** Stops portos-server and starts it again over the same files. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

let count = 0;

/** A question to run a command. */
export function commandRequest(requestId: string, command: string, folder = tmpdir()): PermissionRequest {
  return {
    requestId,
    askedAt: "2026-11-21T10:00:00.000Z",
    folder,
    call: {
      callId: `call-${requestId}`,
      title: `Run ${command}`,
      tool: "execute",
      state: "pending",
      input: JSON.stringify({ command }),
      output: null,
      edits: [],
    },
    options: [
      { optionId: "always", name: "Always", kind: "allow-always" },
      { optionId: "yes", name: "Allow", kind: "allow-once" },
      { optionId: "no", name: "Deny", kind: "deny-once" },
    ],
  };
}

export async function startAskingApp(options: Partial<Omit<AppOptions, "env">> = {}): Promise<AskingApp> {
  const directory = await mkdtemp(join(tmpdir(), "portos-approvals-"));
  let app = await startTestApp({ directory, ...options });
  const basePort = String(app.env.ports.server);
  const cos = createFakeRuns(app.env);
  await cos.start();

  async function untilUp(): Promise<void> {
    const socket = await app.connect();
    await expect
      .poll(async () => {
        const reply = await socket.emit("runs:subscribe", {});
        return reply.ok && (reply.data as { snapshot: { isUp: boolean } }).snapshot.isUp;
      })
      .toBe(true);
  }
  await untilUp();

  return {
    get app() {
      return app;
    },
    cos,
    directory,
    run(parts = {}) {
      count += 1;
      const made = newRun(`run-${String(count).padStart(12, "0")}`, parts);
      cos.put(made);
      return made;
    },
    ask(id, ...requests) {
      const bodies = requests.map((request) => ({ kind: "asked" as const, request }));
      cos.happen(id, [...bodies, { kind: "state", state: "waiting", message: null }], {
        change: { pending: [...cos.run(id).pending, ...requests] },
      });
    },
    async pending() {
      let found: Approval | undefined;
      await expect
        .poll(async () => {
          found = (await app.call("approvals.list", {})).pending[0];
          return found;
        })
        .toBeDefined();
      if (!found) throw new Error("Nothing is asked");
      return found;
    },
    async restart() {
      await app.stop();
      app = await startTestApp({ directory, ...options, variables: { PORTOS_BASE_PORT: basePort } });
      await untilUp();
    },
    async end() {
      await cos.stop();
      await app.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function newRun(id: string, parts: Partial<Run>): Run {
  return {
    id,
    title: "Fix the tests",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: null,
    permissionMode: "ask",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "none" },
    worktree: null,
    taskType: null,
    prompt: null,
    folder: tmpdir(),
    state: "running",
    createdAt: "2026-11-21T09:00:00.000Z",
    startedAt: "2026-11-21T09:00:00.000Z",
    endedAt: null,
    attempts: [],
    usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, turns: 0, costUsd: null },
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 0,
    lastEventAt: null,
    ...parts,
  };
}
