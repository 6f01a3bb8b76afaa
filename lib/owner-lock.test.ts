import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { acquireOwnerLock, type OwnerLock } from "./owner-lock.ts";
import { thisProcess, verdictOn } from "./process-identity.ts";
import { until, useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();

function acquire(folder: string, onLost: () => void = () => undefined): Promise<OwnerLock> {
  return acquireOwnerLock({ path: join(folder, "x.json"), onLost, waitMs: 100, staleMs: 2_000 });
}

/** Leaves behind what an owner leaves that had no time to clean up. */
async function abandon(folder: string, owner: object, ageMs = 0): Promise<void> {
  const lock = join(folder, ".locks/x.json.lock");
  await mkdir(lock, { recursive: true });
  await writeFile(join(folder, ".locks/x.json.owner"), JSON.stringify(owner));
  const then = new Date(Date.now() - ageMs);
  await utimes(lock, then, then);
}

describe("process identity", () => {
  test("knows itself as alive", async () => {
    expect(await verdictOn(await thisProcess())).toBe("alive");
  });

  test("a number that now belongs to another process, an ended one and one before the last boot are dead", async () => {
    const self = await thisProcess();
    expect(await verdictOn({ ...self, startedAt: "1" })).toBe("dead");
    expect(await verdictOn({ ...self, pid: 2 ** 22 + 1 })).toBe("dead");
    expect(await verdictOn({ ...self, boot: "another boot" })).toBe("dead");
  });

  test("what runs elsewhere cannot be judged", async () => {
    const self = await thisProcess();
    expect(await verdictOn({ ...self, boot: "another boot", host: "elsewhere" })).toBe("unknown");
    expect(await verdictOn({ ...self, space: "pid:[1]" })).toBe("unknown");
  });
});

describe("an owner lock", () => {
  test("is held once and leaves nothing behind", async () => {
    const folder = await newFolder();
    const lock = await acquire(folder);
    await expect(acquire(folder)).rejects.toMatchObject({ code: "conflict" });
    await lock.release();
    await lock.release();
    expect(await readdir(join(folder, ".locks"))).toEqual([]);
    await (await acquire(folder)).release();
  });

  test("of different files does not collide", async () => {
    const folder = await newFolder();
    const locks = await Promise.all(
      ["a", "b", "c"].map((name) => acquireOwnerLock({ path: join(folder, name), onLost: () => undefined })),
    );
    for (const lock of locks) await lock.release();
  });

  test("of ten who ask at once is given to one", async () => {
    const folder = await newFolder();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => acquire(folder)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "fulfilled") await result.value.release();
  });

  test("of a dead owner is taken over at once, whatever the clock says about its age", async () => {
    for (const ageMs of [0, 864e5, -864e5]) {
      const folder = await newFolder();
      await abandon(folder, { ...(await thisProcess()), token: "old", startedAt: "1" }, ageMs);
      // By its age it would be kept for a day.
      const options = { path: join(folder, "x.json"), onLost: () => undefined, staleMs: 864e5 };
      await (await acquireOwnerLock(options)).release();
    }
  });

  test("of a living owner is never taken, however old it looks after a jump of the clock", async () => {
    const folder = await newFolder();
    const self = await thisProcess();
    await abandon(folder, { ...self, token: "living" }, 864e5);
    await expect(acquire(folder)).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(folder, ".locks/x.json.owner"), "utf8")).toContain("living");
  });

  test("of an owner on another machine is respected while fresh and taken when it was given up", async () => {
    const folder = await newFolder();
    const elsewhere = { ...(await thisProcess()), token: "far", host: `not-${hostname()}`, boot: "another boot" };
    await abandon(folder, elsewhere);
    await expect(acquire(folder)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`not-${hostname()}`) as string,
    });
    await abandon(folder, elsewhere, 60_000);
    await (await acquire(folder)).release();
  });

  test("without a readable record counts by age", async () => {
    const folder = await newFolder();
    await abandon(folder, {}, 60_000);
    await (await acquire(folder)).release();
  });

  test("removed by hand is taken again; taken by another it is lost, once", async () => {
    const folder = await newFolder();
    let lost = 0;
    const lock = await acquire(folder, () => {
      lost += 1;
    });
    await rm(join(folder, ".locks"), { recursive: true });
    await until(async () => (await readdir(folder)).includes(".locks"), 20_000);
    await until(async () => (await readdir(join(folder, ".locks"))).includes("x.json.owner"), 2_000);
    expect(lost).toBe(0);
    await abandon(folder, { ...(await thisProcess()), token: "somebody else" }, 60_000);
    await until(() => lost === 1, 20_000);
    await lock.release();
    expect(await readFile(join(folder, ".locks/x.json.owner"), "utf8")).toContain("somebody else");
  }, 60_000);
});

test("a lock whose taker was killed before it could sign is taken over when it is old enough, not refused", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, ".locks/x.json.lock"), { recursive: true });
  const lock = await acquire(folder);
  await lock.release();
}, 60_000);
