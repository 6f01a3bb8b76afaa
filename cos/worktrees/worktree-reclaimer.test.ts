import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import type { Worktree } from "../../contract/features/worktrees.ts";
import { AppError } from "../../lib/app-error.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/logger.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { createWorktreeReclaimer } from "./worktree-reclaimer.ts";
import { worktreeRecordSchema, type WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import type { WorktreeViewer } from "./worktree-viewer.ts";

const newFolder = useTemporaryFolders();
const loss = "Its repository is gone";

/** A worktree whose repository is gone, and a disk that refuses to write it down in the state `refused`. */
async function createWorld(state: WorktreeRecord["state"] = "ready") {
  const base = await newFolder();
  const folder = join(base, "work");
  await mkdir(folder);
  await writeFile(join(folder, "new"), "two\n");
  const record = worktreeRecordSchema.parse({
    version: 1,
    runId: "run-000000000001",
    runTitle: "Add a thing",
    appId: null,
    isolation: { kind: "worktree" },
    state,
    folder,
    repository: join(base, "gone"),
    commonDir: join(base, "gone", ".git"),
    gitDir: join(base, "gone", ".git", "worktrees", "work"),
    prefix: "",
    branch: "work",
    baseBranch: null,
    baseCommit: "0".repeat(40),
    port: null,
    createdAt: "2026-11-20T12:00:00.000Z",
    lastUsedAt: "2026-11-20T12:00:00.000Z",
    copied: [],
    fate: "open",
    decided: null,
    facts: null,
    problem: null,
  });
  const world = { refused: "" as WorktreeRecord["state"] | "", saved: [] as string[], isRemoved: false };
  const records: WorktreeRecords = {
    all: () => [record],
    get: () => record,
    save(one) {
      if (one.state === world.refused)
        return Promise.reject(new AppError("disk_full", "The disk is full: nothing was changed."));
      world.saved.push(one.state);
      return Promise.resolve();
    },
    remove() {
      world.isRemoved = true;
      return Promise.resolve();
    },
  };
  const viewer = {
    find: () => record,
    view: () => Promise.resolve({ keptBecause: loss, lossIfRemoved: loss, bytes: 4 } as Worktree),
    measure: () => undefined,
  } as unknown as WorktreeViewer;
  const reclaimer = createWorktreeReclaimer({
    records,
    viewer,
    clock: systemClock,
    logger: silentLogger,
    publish: () => undefined,
  });
  return Object.assign(world, { record, reclaimer, content: () => readFile(join(folder, "new"), "utf8") });
}

it.each(["removing", "deleting"] as const)(
  "stays where it was when the disk refuses that it is %s",
  async (refused) => {
    const world = await createWorld();
    const { record, reclaimer, content } = world;
    world.refused = refused;
    await expect(reclaimer.reclaim(record.runId, loss)).rejects.toMatchObject({ code: "disk_full" });
    expect([record.state, await content(), world.isRemoved]).toEqual(["ready", "two\n", false]);
    world.refused = "";
    await reclaimer.reclaim(record.runId, loss);
    await reclaimer.close();
    await expect(content()).rejects.toThrow(/ENOENT/);
    expect(world.isRemoved).toBe(true);
  },
);

it("stays after a restart when it was put back and that could not be written down", async () => {
  const { record, reclaimer, content, saved } = await createWorld("deleting");
  await reclaimer.goOn(record);
  expect([record.state, saved, await content()]).toEqual(["ready", ["ready"], "two\n"]);
});
