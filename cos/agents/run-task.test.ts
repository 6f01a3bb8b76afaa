import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { Run } from "../../contract/features/runs.ts";
import type { RunsMessage } from "../../contract/internal/runs.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/logger.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { RunTask } from "./run-task.ts";
import { RunStore } from "./store/run-store.ts";
import { newRecord } from "./testing/run-records.ts";

const newFolder = useTemporaryFolders();

async function openTask() {
  const directory = join(await newFolder(), "runs");
  const store = new RunStore({ directory, clock: systemClock, logger: silentLogger });
  const record = newRecord(1, { state: "running" });
  await store.create(record, "Say hello.", []);
  const messages: RunsMessage[] = [];
  const task = new RunTask({
    record,
    store,
    clock: systemClock,
    tellEveryMs: () => 500,
    publish: (message) => messages.push(structuredClone(message)),
    onProblem: (error) => {
      throw error;
    },
  });
  await task.open();
  const onDisk = async (): Promise<Run> =>
    (JSON.parse(await readFile(join(directory, record.run.id, "record.json"), "utf8")) as { run: Run }).run;
  return { task, messages, onDisk };
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
