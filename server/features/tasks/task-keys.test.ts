import { join } from "node:path";

import { expect, test } from "vitest";

import { type Task, taskInputSchema, taskSchema } from "../../../contract/features/tasks.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { createTaskBook } from "./task-book.ts";
import { createTaskHistory } from "./task-history.ts";
import { type TasksFile, tasksFile } from "./task-record.ts";
import { createTaskService } from "./task-service.ts";

const newFolder = useTemporaryFolders();
const key = "one-line-of-quick-add";
const source = { kind: "user", id: "user" } as const;

async function setUp() {
  const folder = await newFolder();
  const time = { now: Date.parse("2026-05-04T12:00:00.000Z") };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const file = join(folder, "tasks.json");
  const book = createTaskBook(await openJsonStore<TasksFile>({ file, logger: silentLogger, ...tasksFile }));
  const log = await openJsonLog<Task>({
    directory: join(folder, "history"),
    schema: taskSchema,
    clock,
    logger: silentLogger,
  });
  const history = createTaskHistory({ book, log, logger: silentLogger, kept: 0 });
  const tasks = createTaskService({
    book,
    history,
    clock,
    hasApp: () => true,
    hasProvider: () => true,
    stopRun: () => Promise.resolve(),
  });
  const create = (title: string, withKey: string | undefined = key): Promise<Task> =>
    tasks.create(taskInputSchema.parse({ title }), { source, state: "ready", key: withKey });
  return { time, tasks, book, history, create };
}

test("a key told again answers with the task as it is now, and is another task a day later", async () => {
  const { time, tasks, create } = await setUp();
  const { id } = await create("One");
  await tasks.move(id, { state: "draft", before: null }, "me");
  time.now += 23 * 3_600_000;
  expect(await create("One")).toMatchObject({ id, state: "draft" });
  expect(tasks.list()).toHaveLength(1);
  time.now += 2 * 3_600_000;
  const later = await create("One");
  expect(later.id).not.toBe(id);
  expect((await create("One")).id).toBe(later.id);
  expect(tasks.list()).toHaveLength(2);
});

test("a deleted task is not told as if it were there, until it is brought back", async () => {
  const { tasks, create } = await setUp();
  const { id } = await create("One");
  await tasks.remove(id, "me");
  await expect(create("One")).rejects.toMatchObject({
    code: "conflict",
    message: '"One" was added already and has been deleted since',
  });
  expect(tasks.list()).toEqual([]);
  await tasks.restore(id);
  expect((await create("One")).id).toBe(id);
  expect(tasks.list()).toHaveLength(1);
});

test("a task that has gone to the history is the one that was made", async () => {
  const { tasks, history, create } = await setUp();
  const { id } = await create("One");
  await tasks.cancel(id, "me");
  for (let index = 0; index < 25; index += 1)
    await tasks.cancel((await create(`Other ${index}`, `another-key-${index}`)).id, "me");
  history.start();
  await history.stop();
  expect(tasks.list()).toEqual([]);
  expect(await create("One")).toMatchObject({ id, state: "cancelled" });
  expect(tasks.list()).toEqual([]);
});
