import { join } from "node:path";

import { expect, test } from "vitest";

import { type Task, taskSchema } from "../../../contract/features/tasks.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { createTaskBook } from "./task-book.ts";
import { createTaskHistory } from "./task-history.ts";
import { type TasksFile, tasksFile } from "./task-record.ts";
import { sampleTask } from "./testing/sample-task.ts";

const newFolder = useTemporaryFolders();
const firstEnd = Date.parse("2026-01-01T00:00:00.000Z");
const ended = (index: number): Task =>
  sampleTask({
    id: `task-${String(index).padStart(8, "0")}`,
    title: `Done ${index}`,
    state: "done",
    position: index,
    endedAt: new Date(firstEnd + index * 60_000).toISOString(),
  });

async function open(folder: string) {
  const store = await openJsonStore<TasksFile>({
    file: join(folder, "tasks.json"),
    logger: silentLogger,
    ...tasksFile,
  });
  const directory = join(folder, "history");
  const log = await openJsonLog<Task>({ directory, schema: taskSchema, clock: systemClock, logger: silentLogger });
  const book = createTaskBook(store);
  return { book, log, history: createTaskHistory({ book, log, logger: silentLogger, kept: 10 }), store };
}

async function fill(count: number) {
  const opened = await open(await newFolder());
  await Promise.all(Array.from({ length: count }, (_each, index) => opened.log.append(ended(index))));
  return opened;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[3] ?? 0;
}

test("a page of 10 000 ended tasks costs what a page of 60 costs", async () => {
  const [few, many] = [await fill(60), await fill(10_000)];
  const page = await many.history.page({ limit: 50 });
  expect(page.items[0]?.title).toBe("Done 9999");
  expect(page.items).toHaveLength(50);
  const [short, long] = [
    await timeOf(() => few.history.page({ limit: 50 })),
    await timeOf(() => many.history.page({ limit: 50 })),
  ];
  expect(long).toBeLessThan(short * 4 + 20);
});

test("what ends moves to the log, oldest first; a task that is needed or was reopened meanwhile does not vanish", async () => {
  const { book, history, log } = await open(await newFolder());
  const needed = ended(0);
  const waiting = sampleTask({ id: "task-waiting0", dependsOn: [needed.id], position: 99 });
  await book.update((file) => ({
    next: { ...file, tasks: [...Array.from({ length: 40 }, (_each, index) => ended(index)), waiting] },
    result: null,
  }));
  history.start();
  await expect.poll(() => book.all().length).toBe(12);
  expect(book.find(needed.id)).toBeDefined();
  expect((await log.page({ limit: 100 })).items.map(({ title }) => title)).toEqual(
    Array.from({ length: 29 }, (_each, index) => `Done ${29 - index}`),
  );
  const seen: string[] = [];
  for (let before: string | undefined; ;) {
    const page = await history.page({ limit: 7, ...(before === undefined ? {} : { before }) });
    seen.push(...page.items.map(({ title }) => title));
    if (page.next === null) break;
    before = page.next;
  }
  expect(seen.toSorted()).toEqual(Array.from({ length: 40 }, (_each, index) => `Done ${index}`).toSorted());
  expect(new Set(seen).size).toBe(40);
  expect((await history.find(ended(20).id))?.title).toBe("Done 20");
  await history.stop();
});

const rowOf = (index: number) => ({ id: ended(index).id, endedAt: ended(index).endedAt ?? "" });

test("what was remembered of rows is forgotten with the rows, and once is enough", async () => {
  const { book, history, log } = await fill(3);
  const lost = Array.from({ length: 500 }, (_each, index) => rowOf(index + 10));
  await book.update((file) => ({ next: { ...file, hidden: [rowOf(1), ...lost, rowOf(1)] }, result: null }));
  await history.prune(10_000);
  expect(book.file().hidden).toEqual([rowOf(1)]);
  expect((await history.page({ limit: 10 })).items.map(({ title }) => title)).toEqual(["Done 2", "Done 0"]);
  expect((await log.page({ limit: 10 })).items).toHaveLength(3);
});
