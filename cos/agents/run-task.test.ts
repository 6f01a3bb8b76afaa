import { mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import type { ToolKind } from "../../contract/features/run-events.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { RunsMessage } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/logger.ts";
import { createOwnFolders, noOwnFolders } from "../../lib/own-folders.ts";
import { registerSecret } from "../../lib/redact.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import type { WorktreeService } from "../worktrees/worktree-service.ts";
import { ownOptions } from "./permission-policy.ts";
import { createRunIsolation } from "./run-isolation.ts";
import { RunTask } from "./run-task.ts";
import { RunStore } from "./store/run-store.ts";
import { newRecord } from "./testing/run-records.ts";
import { cliTarget } from "./testing/test-runs.ts";

const newFolder = useTemporaryFolders();

async function openTask({ mayFail = false } = {}) {
  const dataDir = join(await newFolder(), "data");
  const directory = join(dataDir, "runs");
  const store = new RunStore({ directory, clock: systemClock, logger: silentLogger });
  const record = newRecord(1, { state: "running" });
  await store.create(record, "Say hello.", []);
  const messages: RunsMessage[] = [];
  const task = new RunTask({
    record,
    store,
    own: createOwnFolders({ dataDir, stateDir: join(dataDir, "state"), configDir: join(dataDir, "config") }),
    clock: systemClock,
    tellEveryMs: () => 500,
    publish: (message) => messages.push(structuredClone(message)),
    onProblem: (error) => {
      if (!mayFail) throw error;
    },
  });
  await task.open();
  const onDisk = async (): Promise<Run> =>
    (JSON.parse(await readFile(join(directory, record.run.id, "record.json"), "utf8")) as { run: Run }).run;
  return { task, store, messages, onDisk, dataDir };
}

describe("the end of a run", () => {
  it("is seen only once every event before it can be read", async () => {
    const { task, messages } = await openTask();
    task.event({ kind: "notice", level: "info", text: "Almost there." });
    const ending = task.setState("succeeded");
    expect(task.view().state).toBe("running");
    await ending;
    expect(task.view()).toMatchObject({ state: "succeeded", eventCount: 2 });
    const told = messages.flatMap((message) => (message.kind === "run" ? [message.run] : []));
    expect(told.filter(({ state }) => state === "succeeded").map(({ eventCount }) => eventCount)).toEqual([2]);
    await task.close();
  });

  it("is told once it is on disk", async () => {
    const { task, messages, onDisk } = await openTask();
    const isTold = (): boolean => messages.some((message) => message.kind === "run" && message.run.state === "failed");
    const seen: boolean[] = [];
    const ending = task.setState("failed", "No answer");
    while (!seen.includes(true)) {
      seen.push(isTold());
      if (isTold()) expect((await onDisk()).state).toBe("failed");
      else await new Promise(setImmediate);
    }
    await ending;
    expect(seen[0]).toBe(false);
    await task.close();
  });
});

describe("a stop", () => {
  const stop = { kind: "user", message: "Stopped by Ada" } as const;

  it("holds although one provider took too long just then, and nothing takes its place", async () => {
    const { task } = await openTask();
    task.end({ kind: "timeout", message: "No end within 1 s" });
    expect(task.record.stop).toBeNull();
    task.end(stop);
    for (const kind of ["timeout", "day-budget", "closing"] as const) task.end({ kind, message: "Too late" });
    expect(task.ending).toEqual(stop);
    expect(task.record.stop).toEqual(stop);
    await task.close();
  });
});

describe("what an attempt left", () => {
  const end = { failure: null, message: null, canContinue: false };

  it("is cleaned once its end is on disk, and not before", async () => {
    const { task, onDisk } = await openTask();
    const attempt = task.startAttempt(cliTarget());
    const seen: (string | null | undefined)[] = [];
    const tidy = async (): Promise<void> => {
      seen.push((await onDisk()).attempts[0]?.endedAt);
    };
    await task.endAttempt(attempt, { ...end, tidy });
    expect(seen).toEqual([attempt.endedAt]);
    await task.close();
    expect(seen).toHaveLength(1);
  });

  it("is cleaned with the end of the run when the disk refused that of the attempt", async () => {
    const { task, store } = await openTask({ mayFail: true });
    const attempt = task.startAttempt(cliTarget());
    const save = store.save.bind(store);
    store.save = () => Promise.reject(new Error("no"));
    let times = 0;
    const tidy = (): Promise<void> => {
      times += 1;
      return Promise.resolve();
    };
    await expect(task.endAttempt(attempt, { ...end, tidy })).rejects.toThrow("no");
    expect(times).toBe(0);
    store.save = save;
    await task.setState("succeeded");
    await task.close();
    expect(times).toBe(1);
  });
});

describe("what is said while a worktree is set up", () => {
  it("hides a secret that is read in pieces", async () => {
    registerSecret("hunter2-correct-horse");
    const { task, store } = await openTask();
    task.run.isolation = { kind: "worktree" } as Run["isolation"];
    const worktrees = {
      enter: (...[, , tell]: Parameters<WorktreeService["enter"]>) => {
        for (const text of ["The key is hunter2-", "correct-", "horse.\n"]) tell.output(text);
        tell.notice("info", "Almost there.");
        return Promise.reject(new AppError("conflict", "The set-up command failed"));
      },
    } as WorktreeService;
    await createRunIsolation({ worktrees, own: noOwnFolders, logger: silentLogger }).enter(task);
    await task.close();
    const bodies = (await store.readEvents(task.run.id, 0, 10)).map(({ body }) => body);
    expect(bodies).toEqual([
      { kind: "output", stream: "out", text: "The key is [redacted].\n" },
      { kind: "notice", level: "info", text: "Almost there." },
    ]);
  });
});

const question = (tool: ToolKind, path: string) => ({
  call: {
    callId: "call-1",
    title: "A call",
    tool,
    state: "pending" as const,
    input: JSON.stringify({ file_path: path }),
    output: null,
    edits: [],
  },
  options: ownOptions,
});

const refused = (why: string) => ({ optionId: null, reason: expect.stringContaining(why) as string });

it("names no secret in the answers an agent offers, and answers it by its own word for one", async () => {
  registerSecret("silver-heron-84");
  const { task, store } = await openTask();
  const sink = task.sink(task.startAttempt(cliTarget()));
  const options = [
    { optionId: "yes-1", name: "Yes, with silver-heron-84", kind: "allow-once" as const },
    { optionId: "no-1", name: "No", kind: "deny-once" as const },
  ];
  const asked = sink.ask({ ...question("edit", "a.ts"), options });
  await expect.poll(() => task.run.pending.length).toBe(1);
  const [request] = task.run.pending;
  expect(request?.options).toEqual([{ ...options[0], name: "Yes, with [redacted]" }, options[1]]);
  await task.save();
  expect(JSON.stringify(await store.read(task.run.id))).not.toContain("silver-heron-84");
  await task.answer(request?.requestId ?? "", "yes-1", "Ada", null);
  expect(await asked).toEqual({ optionId: "yes-1", reason: null });
  await task.close();
});

it.each([
  ["closing", "Why; it can be asked again when the run goes on"],
  ["shutdown", "Why; it can be asked again when the run goes on"],
  ["user", "Why"],
] as const)("says of an open question what becomes of it when its run is ended: %s", async (kind, reason) => {
  const { task } = await openTask();
  const asked = task.sink(task.startAttempt(cliTarget())).ask(question("edit", "a.ts"));
  await expect.poll(() => task.run.pending.length).toBe(1);
  task.end({ kind, message: "Why" });
  expect(await asked).toEqual({ optionId: null, reason });
  await task.close();
});

describe("what belongs to git", () => {
  it.each(["free", "free-in-folder", "ask-writes", "ask"] as const)(
    "is not written, and nobody is asked about it: %s",
    async (mode) => {
      const { task, dataDir } = await openTask();
      const folder = join(dirname(dataDir), "shop");
      await mkdir(join(folder, ".git/hooks"), { recursive: true });
      await symlink(".git", join(folder, "way-in"));
      Object.assign(task.run, { permissionMode: mode, folder });
      const sink = task.sink(task.startAttempt(cliTarget()));
      for (const path of [".git/hooks/post-commit", "way-in/config", join(folder, ".git/config")])
        for (const tool of ["edit", "delete", "move"] as const)
          expect(await sink.ask(question(tool, path))).toEqual(refused("belongs to git: agents do not write there"));
      expect(task.run.pending).toEqual([]);
      await task.close();
    },
  );

  it("may be read, and what only guards other programs is asked for", async () => {
    const { task, dataDir } = await openTask();
    Object.assign(task.run, { permissionMode: "ask-writes", folder: dirname(dataDir) });
    const sink = task.sink(task.startAttempt(cliTarget()));
    expect(await sink.ask(question("read", ".git/config"))).toEqual({ optionId: "allow", reason: null });
    const asked = sink.ask(question("edit", ".vscode/tasks.json"));
    await expect.poll(() => task.run.pending.length).toBe(1);
    await task.answer(task.run.pending[0]?.requestId ?? "", null, "Ada", "Not now");
    expect(await asked).toEqual({ optionId: null, reason: "Not now" });
    await task.close();
  });
});

describe("what belongs to PortOS itself", () => {
  it.each(["free", "free-in-folder", "ask-writes", "ask"] as const)("is refused without asking: %s", async (mode) => {
    const { task, store, dataDir } = await openTask();
    Object.assign(task.run, { permissionMode: mode, folder: dirname(dataDir) });
    await symlink(dataDir, join(dirname(dataDir), "way-in"));
    const sink = task.sink(task.startAttempt(cliTarget()));
    for (const path of [join(dataDir, "approval-rules.json"), "way-in/state/x", "way-in/config/key"])
      for (const tool of ["read", "edit"] as const)
        expect(await sink.ask(question(tool, path))).toEqual(refused("belongs to PortOS"));
    expect(await sink.ask({ ...question("edit", "a.ts"), paths: [join(dataDir, "providers.json")] })).toEqual(
      refused("belongs to PortOS"),
    );
    expect(task.run.pending).toEqual([]);
    await task.close();
    const answers = (await store.readEvents(task.run.id, 0, 50)).flatMap(({ body }) =>
      body.kind === "answered" ? [body] : [],
    );
    expect(answers).toHaveLength(7);
    for (const answer of answers)
      expect(answer).toMatchObject({
        isAllowed: false,
        by: "PortOS",
        reason: expect.stringContaining("belongs to PortOS") as string,
      });
  });

  it("is not what PortOS made for the run", async () => {
    const { task, dataDir } = await openTask();
    const folder = join(dataDir, "runs", task.run.id, "work");
    Object.assign(task.run, { permissionMode: "free", folder });
    const sink = task.sink(task.startAttempt(cliTarget()));
    expect(await sink.ask(question("edit", "a.ts"))).toEqual({ optionId: "allow", reason: null });
    expect(await sink.ask(question("edit", "../record.json"))).toEqual(refused("belongs to PortOS"));
    await task.close();
  });
});
