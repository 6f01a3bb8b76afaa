import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { createThreadPool, type ThreadPool } from "./thread-pool.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();

/** Does what a job says; its number tells one thread from another. */
const program = `
import { parentPort, threadId } from "node:worker_threads";
parentPort.on("message", (job) => {
  if (job === "spin") for (;;);
  if (job === "grow") { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)); }
  if (job === "exit") process.exit(0);
  if (job === "throw") throw new Error("it went wrong");
  parentPort.postMessage({ job, threadId });
});
`;

interface Said {
  job: string;
  threadId: number;
}

let pool: ThreadPool<string, Said>;

beforeEach(async () => {
  const file = join(await newFolder(), "program.mjs");
  await writeFile(file, program);
  pool = createThreadPool({ file, most: 2, idleMs: 60_000, maxMemoryMegabytes: 32 });
});
afterEach(() => pool.stop());

const never = new AbortController().signal;
const run = (job: string, timeoutMs = 30_000, signal = never): Promise<Said> => pool.run(job, { timeoutMs, signal });

test("jobs are answered, by the same thread one after another", async () => {
  const first = await run("one");
  const second = await run("two");
  expect([first.job, second.job]).toEqual(["one", "two"]);
  expect(second.threadId).toBe(first.threadId);
});

test("no more threads than said, and what waits for its turn gets it", async () => {
  const said = await Promise.all(Array.from({ length: 12 }, (_, at) => run(`job ${at}`)));
  expect(said.map(({ job }) => job)).toEqual(Array.from({ length: 12 }, (_, at) => `job ${at}`));
  expect(new Set(said.map(({ threadId }) => threadId)).size).toBeLessThanOrEqual(2);
});

test.each([
  ["spin", "timeout", 300],
  ["grow", "too_large", 30_000],
  ["exit", "unavailable", 30_000],
  ["throw", "unavailable", 30_000],
])("a job that would %s ends as %s, and the next one goes on", async (job, code, timeoutMs) => {
  const ended = await Promise.allSettled([run("before"), run(job, timeoutMs), run("after"), run("later")]);
  expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(ended[1]).toMatchObject({ reason: { code } });
  await expect(run("next")).resolves.toMatchObject({ job: "next" });
});

test("who gives up is told at once, also while waiting for a turn, and takes no turn", async () => {
  const controller = new AbortController();
  const givenUp = ["spin", "spin", "waits"].map((job) => run(job, 30_000, controller.signal));
  const all = Promise.allSettled([...givenUp, run("other")]);
  controller.abort(new Error("nobody waits"));
  const ended = await all;
  expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  await expect(run("late", 30_000, controller.signal)).rejects.toThrow("nobody waits");
});

test("while a job takes long, everything else goes on", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 5);
  await expect(run("spin", 400)).rejects.toMatchObject({ code: "timeout" });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
});
