import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { writeFiles } from "../../../lib/testing/git-repository.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { createFakeSessions, endedRun, makeWork, runId } from "./testing/review-bed.ts";

let directory: string;
let worktree: RunWorktree;
let app: TestApp;
let cos: FakeRuns;
let basePort: string | undefined;
const params = { id: runId };

async function startApp(): Promise<void> {
  const sessions = createFakeSessions();
  app = await startTestApp({
    directory: join(directory, "panel"),
    ...(basePort === undefined ? {} : { variables: { PORTOS_BASE_PORT: basePort } }),
    reviews: {
      sessions,
      checksOf: () => Promise.resolve([{ name: "Tests", command: "npm test", timeoutMs: 60_000 }]),
      worktrees: {
        get: () => Promise.resolve({ copied: [] }),
        command: sessions.command,
        setFate: () => Promise.resolve(),
        adopt: () => Promise.resolve(),
        touch: () => Promise.resolve(),
      },
    },
  });
  basePort = String(app.env.ports.server);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-reviews-http-"));
  basePort = undefined;
  worktree = await makeWork(directory, { "app.txt": "one\n" });
  await startApp();
  cos = createFakeRuns(app.env);
  await cos.start();
  await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
});

afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

/** The agent works and ends; portos-cos tells so. */
async function work(files: Record<string, string>): Promise<void> {
  cos.put(endedRun(worktree, { state: "running", endedAt: null }));
  cos.happen(runId, [{ kind: "state", state: "running", message: null }]);
  await expect.poll(async () => (await app.call("runs.get", { params })).state).toBe("running");
  await writeFiles(worktree.folder, files);
  cos.happen(runId, [{ kind: "state", state: "succeeded", message: null }]);
  await expect.poll(async () => (await app.call("reviews.list", {})).open.length).toBe(1);
}

const titles = async (): Promise<string[]> =>
  (await app.call("notifications.list", {})).filter(({ needsYou }) => needsYou).map(({ title }) => title);

it("work is laid open when its run ends, is live for viewers, and waits on Home until it is decided", async () => {
  const socket = await app.connect();
  await socket.emit("reviews:subscribe", {});
  const told = socket.next("reviews:event");
  await work({ "app.txt": "two\n" });
  expect(await told).toMatchObject({ event: { kind: "changed", review: { runId, files: 1 } } });
  await expect.poll(titles).toEqual(["Tidy up waits for your review"]);
  const review = await app.call("reviews.get", { params });
  const merged = socket.next("reviews:event", (payload) => JSON.stringify(payload).includes('"merged"'));
  const done = await app.call("reviews.merge", { params, body: { tree: review.tree, message: "Two" } });
  expect(done).toMatchObject({ state: "merged", decision: { by: "this machine", canUndo: true } });
  await merged;
  expect(await readFile(join(worktree.repository, "app.txt"), "utf8")).toBe("two\n");
  await expect.poll(titles).toEqual([]);
  const { items } = await app.call("history.list", { query: { feature: "reviews" } });
  expect(items).toMatchObject([{ action: "reviews.merge", subjectName: "Tidy up", outcome: "done" }]);
  await app.call("reviews.undo", { params });
  await expect.poll(titles).toEqual(["Tidy up waits for your review"]);
});

it("survives a restart with its comments, what was accepted, and what was reverted", async () => {
  await work({ "app.txt": "two\n", "new.txt": "new\n" });
  const comment = { path: "app.txt", side: "new" as const, line: 1, text: "Why two?" };
  await app.call("reviews.addComment", { params, body: comment });
  await app.call("reviews.accept", { params, body: { path: "app.txt" } });
  const { tree } = await app.call("reviews.get", { params });
  await app.call("reviews.revert", { params, body: { path: "new.txt", tree } });
  await app.stop();
  await startApp();
  const review = await app.call("reviews.get", { params });
  expect(review).toMatchObject({ comments: [{ text: "Why two?", line: 1 }], files: [{ isAccepted: true }] });
  const back = await app.call("reviews.undoRevert", { params });
  expect(back.files.map(({ path }) => path)).toEqual(["app.txt", "new.txt"]);
});

it("refuses with clear words what was changed meanwhile, is not there, or makes no sense", async () => {
  await work({ "app.txt": "two\n" });
  const { tree } = await app.call("reviews.get", { params });
  await writeFile(join(worktree.folder, "app.txt"), "three\n");
  await expect(app.call("reviews.merge", { params, body: { tree, message: "Two" } })).rejects.toMatchObject({
    status: 409,
  });
  await expect(app.call("reviews.discard", { params, body: { tree } })).rejects.toMatchObject({
    status: 409,
    details: { message: "The work was changed meanwhile", hint: "Look at it as it is now, then decide again." },
  });
  await expect(app.call("reviews.file", { params, query: { path: "../../etc/passwd" } })).rejects.toMatchObject({
    status: 404,
  });
  await expect(app.call("reviews.get", { params: { id: "run-zzzzzzzzzzzz" } })).rejects.toMatchObject({ status: 404 });
});
