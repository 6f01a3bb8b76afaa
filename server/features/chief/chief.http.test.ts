import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { chiefSettingsSchema, type ChiefState } from "../../../contract/features/chief.ts";
import type { PermissionRequest } from "../../../contract/features/run-events.ts";
import type { Run, RunChoice } from "../../../contract/features/runs.ts";
import type { Task, TaskInput } from "../../../contract/features/tasks.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let directory: string;
let app: TestApp;
let basePort: string | undefined;
let cos: FakeRuns;

function resolveTargets(choice: RunChoice): RunTarget[] {
  return [
    {
      engine: "headless",
      agent: "gemini",
      providerId: choice.providerId,
      providerName: "Helper",
      providerType: "cli",
      model: null,
      reason: "First choice",
      command: [process.execPath],
      environment: {},
      timeoutMs: 1_000,
      price: null,
    },
  ];
}

async function startApp(): Promise<void> {
  app = await startTestApp({
    directory,
    resolveTargets,
    ...(basePort === undefined ? {} : { variables: { PORTOS_BASE_PORT: basePort } }),
  });
  basePort = String(app.env.ports.server);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-chief-"));
  basePort = undefined;
  await startApp();
  cos = createFakeRuns(app.env);
  await cos.start();
  const input = { type: "cli" as const, name: "Helper", agent: "custom" as const, command: [process.execPath] };
  await app.call("providers.create", { body: { id: "helper", input } });
  await app.call("providers.enable", { params: { id: "helper" } });
});

afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

const put = (changes: object): Promise<ChiefState> =>
  app.call("chief.put", { body: chiefSettingsSchema.parse({ isOn: true, ...changes }) });
const add = (input: Partial<TaskInput> & { title: string }): Promise<Task> =>
  app.call("tasks.create", { body: { needsReview: false, ...input } });
const read = (id: string): Promise<Task> => app.call("tasks.get", { params: { id } });
const codeOf = async (id: string): Promise<string> => (await read(id)).reason.code;
const open = (): Run[] => cos.specs.map(({ id }) => cos.run(id)).filter(({ state }) => isOpenState(state));

function end(run: Run, state: "succeeded" | "failed", change: Partial<Run> = {}): void {
  cos.happen(run.id, [{ kind: "state", state, message: change.message ?? null }], {
    change: { endedAt: new Date().toISOString(), ...change },
  });
}

async function firstRun(): Promise<Run> {
  await expect.poll(() => open().length).toBeGreaterThan(0);
  const [run] = open();
  if (!run) throw new Error("Nothing runs");
  return run;
}

const question: PermissionRequest = {
  requestId: "q1",
  askedAt: "2026-11-21T10:00:00.000Z",
  folder: "/tmp",
  call: {
    callId: "c1",
    title: "Run rm -rf build",
    tool: "execute",
    state: "pending",
    input: "{}",
    output: null,
    edits: [],
  },
  options: [
    { optionId: "yes", name: "Allow", kind: "allow-once" },
    { optionId: "no", name: "Deny", kind: "deny-once" },
  ],
};

describe("the chief of staff over HTTP", () => {
  it("is off at first, says why, and starts when it is turned on", async () => {
    const { id } = await add({ title: "Write it", instructions: "In one line" });
    await expect.poll(() => codeOf(id)).toBe("off");
    expect((await app.call("chief.get", {})).settings.isOn).toBe(false);
    expect(cos.specs).toEqual([]);

    const state = await put({ limits: { total: 3, perApp: 2, perProvider: 1 } });
    expect(state.settings.isOn).toBe(true);
    const run = await firstRun();
    expect(cos.limits.at(-1)).toEqual({ total: 3, perApp: 2, perProvider: 1 });
    expect(cos.specs[0]).toMatchObject({
      title: "Write it",
      source: { kind: "task", id },
      priority: "normal",
      taskType: "feature",
      permissionMode: "ask-writes",
      text: "# Write it\n\nIn one line\n",
    });
    await expect.poll(async () => (await read(id)).state).toBe("running");
    end(run, "succeeded");
    await expect.poll(async () => (await read(id)).state).toBe("done");
    const { items } = await app.call("chief.decisions", { query: { task: id } });
    expect(items.map(({ code }) => code)).toContain("chosen");
    expect((await app.call("chief.decisions", { query: { code: "chosen" } })).items).toHaveLength(1);
  });

  it("tells its state and each decision on the channel, under both of its names", async () => {
    const socket = await app.connect();
    for (const name of ["cos", "cosmos"]) {
      const reply = await socket.emit(`${name}:subscribe`, {});
      expect(reply).toMatchObject({ ok: true, data: { snapshot: { state: { settings: { isOn: false } } } } });
    }
    const heard = ["cos", "cosmos"].map((name) =>
      socket.next(`${name}:event`, (payload) => (payload as { event: { kind: string } }).event.kind === "decided"),
    );
    const { id } = await add({ title: "One" });
    for (const payload of await Promise.all(heard))
      expect(payload).toMatchObject({ event: { decision: { taskId: id, code: "off" } } });
  });

  it("keeps to the limit of a provider, and starts at once what the user starts", async () => {
    await put({ limits: { total: 4, perApp: 2, perProvider: 1 } });
    await add({ title: "One" });
    await firstRun();
    const { id } = await add({ title: "Two" });
    await expect.poll(() => codeOf(id)).toBe("slot");
    const started = await app.call("tasks.start", { params: { id } });
    expect(started.state).toBe("running");
    expect(cos.specs).toHaveLength(2);
  });

  it("tells portos-cos whose limits a run has, so that it names them when it ends by one", async () => {
    await put({});
    await add({ title: "One", budget: { costUsd: null, tokens: 500, turns: 3, minutes: null } });
    await firstRun();
    expect(cos.specs.at(-1)?.limitNames).toEqual({
      tokens: "The budget of 500 tokens of its task",
      turns: "The budget of 3 turns of its task",
    });
  });

  it("keeps the budget of the day: also for what goes on, and for what is said to a run", async () => {
    await put({});
    const { id } = await add({ title: "One" });
    const run = await firstRun();
    await app.call("usage.setBudget", { body: { costUsd: 1, tokens: null } });
    const usage = {
      inputTokens: 10,
      outputTokens: 10,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      turns: 1,
      costUsd: 1.25,
    };
    const attempt = {
      number: 1,
      providerId: "helper",
      providerName: "Helper",
      providerType: "cli" as const,
      model: null,
      reason: "First choice",
      startedAt: new Date().toISOString(),
      endedAt: null,
      failure: null,
      message: null,
      usage,
    };
    cos.happen(run.id, [{ kind: "state", state: "running", message: null }], {
      change: { attempts: [attempt], usage },
    });
    await expect.poll(() => cos.run(run.id).state).toBe("failed");
    expect(cos.run(run.id)).toMatchObject({
      failure: "budget",
      message: "Today's budget of $1.00 is used up: $1.25 were spent",
    });
    cos.happen(run.id, [], {
      change: { attempts: [{ ...attempt, endedAt: new Date().toISOString(), failure: "budget" }] },
    });
    await expect.poll(async () => (await read(id)).state).toBe("ready");
    await expect
      .poll(async () => app.call("runs.say", { params: { id: run.id }, body: { text: "Go on" } }).catch(String))
      .toContain("Today's budget of $1.00 is used up");
  });
});

describe("the switch that stops everything", () => {
  it("stops runs, denies questions, pauses schedules, refuses what is new, and brings back exactly that", async () => {
    const { automation } = await app.call("automations.create", {
      body: {
        name: "Each second",
        schedule: { kind: "interval", everyMs: 1_000, anchor: new Date().toISOString() },
        action: { kind: "command", command: { kind: "arguments", arguments: ["true"] }, folder: "/tmp" },
      },
    });
    await app.call("automations.enable", { params: { id: automation.id } });
    await put({});
    const { id } = await add({ title: "One" });
    const run = await firstRun();
    cos.happen(
      run.id,
      [
        { kind: "asked", request: question },
        { kind: "state", state: "waiting", message: "Asks" },
      ],
      {
        change: { pending: [question] },
      },
    );
    await expect.poll(async () => (await app.call("approvals.list", {})).pending.length).toBe(1);

    const { panic } = await app.call("chief.panic", {});
    expect(panic).toMatchObject({
      isOn: true,
      by: "this machine",
      stoppedRuns: 1,
      deniedQuestions: 1,
      pausedAutomations: 1,
    });
    expect(open()).toEqual([]);
    expect((await app.call("chief.panic", {})).panic).toEqual(panic); // pressed twice it counts nothing twice
    expect((await app.call("approvals.list", {})).pending).toEqual([]);
    expect((await app.call("automations.list", {})).pausedAt).toBeNull();
    await expect.poll(async () => (await read(id)).state).toBe("draft");
    const refused = app.call("runs.create", {
      body: { prompt: { kind: "text", text: "x" }, choices: [{ providerId: "helper" }] },
    });
    await expect(refused).rejects.toMatchObject({
      status: 409,
      details: { message: "Everything is stopped by this machine" },
    });
    await expect(app.call("automations.run", { params: { id: automation.id } })).rejects.toMatchObject({ status: 409 });
    await expect(app.call("providers.check", { params: { id: "helper" } })).rejects.toMatchObject({ status: 409 });
    await expect(app.call("tasks.start", { params: { id } })).rejects.toMatchObject({ status: 409 });
    await expect
      .poll(async () => (await app.call("automations.occurrences", { query: {} })).items[0])
      .toMatchObject({ state: "skipped", reason: "Everything was stopped" });

    // Over a restart of portos-server, with the file read before anything starts.
    await app.stop();
    await startApp();
    expect((await app.call("chief.get", {})).panic).toMatchObject({ isOn: true, stoppedRuns: 1 });
    const file = JSON.parse(await readFile(join(app.env.dataDir, "panic.json"), "utf8")) as { data?: unknown };
    expect(JSON.stringify(file)).toContain('"isOn":true');
    const skipped = (await app.call("automations.occurrences", { query: {} })).items;
    await expect
      .poll(async () => (await app.call("automations.occurrences", { query: {} })).items.length)
      .toBeGreaterThan(skipped.length);
    expect((await app.call("automations.occurrences", { query: {} })).items[0]).toMatchObject({ state: "skipped" });

    const calm = await app.call("chief.calm", {});
    expect(calm.panic).toMatchObject({ isOn: false, by: null, stoppedRuns: 0 });
    expect((await app.call("automations.list", {})).pausedAt).toBeNull();
    await expect
      .poll(async () => (await app.call("automations.occurrences", { query: {} })).items[0]?.state)
      .not.toBe("skipped");
    expect(open()).toEqual([]); // what was stopped is the user's to start again
  });

  it("stops a run that could not be reached as soon as it can", async () => {
    await put({});
    await add({ title: "One" });
    const run = await firstRun();
    await expect.poll(async () => (await app.call("chief.get", {})).running).toBe(1);
    await cos.stop();
    expect((await app.call("chief.panic", {})).panic).toMatchObject({ isOn: true, stoppedRuns: 0 });
    expect(cos.run(run.id).state).not.toBe("cancelled");
    await cos.start();
    await expect.poll(() => cos.run(run.id).state).toBe("cancelled");
    expect(cos.run(run.id).message).toBe("Everything was stopped by this machine");
    await expect.poll(async () => (await app.call("chief.get", {})).panic.stoppedRuns).toBe(1);
  });

  it("stops a run it hears of only later", async () => {
    await cos.stop();
    await app.call("chief.panic", {});
    await cos.start();
    const late = sampleRun({ id: "run-000000000late" });
    cos.put(late);
    await app.stop();
    await startApp();
    await expect.poll(() => cos.run(late.id).state).toBe("cancelled");
  });
});
