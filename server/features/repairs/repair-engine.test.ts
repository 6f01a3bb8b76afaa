import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, expect, test } from "vitest";

import type { Repair, RepairLevel } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RepairBook } from "./repair-book.ts";
import { createRepairEngine } from "./repair-engine.ts";
import { createRepairService, type RepairService } from "./repair-service.ts";
import type { RepairParts } from "./repair-parts.ts";
import { newDisk, openMemoryBook, type MemoryDisk } from "./testing/memory-book.ts";
import { crashOfBlog, createRepairWorld, type RepairWorld } from "./testing/repair-world.ts";

const timing = { watchMs: 60, sampleMs: 15, lookMs: 3 };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function open(parts: RepairParts, book: RepairBook): RepairService {
  const engine = createRepairEngine({ parts, book, timing, publish: () => undefined });
  const service = createRepairService({
    parts,
    book,
    engine,
    publish: () => undefined,
    publishSettings: () => undefined,
  });
  engine.start();
  stops.push(() => engine.stop());
  return service;
}

function start(level: RepairLevel, make: (world: RepairWorld) => void = () => undefined) {
  const world = createRepairWorld();
  make(world);
  const disk = newDisk({ level });
  return { world, disk, service: open(world.parts, openMemoryBook(disk)) };
}

async function until(disk: MemoryDisk, state: Repair["state"]): Promise<Repair> {
  await expect.poll(() => disk.file.repairs[0]?.state, { timeout: 5_000, interval: 4 }).toBe(state);
  const [repair] = disk.file.repairs;
  if (!repair) throw new Error("There is no repair");
  return repair;
}

test("an allowed repair is diagnosed, checked, merged, restarted, watched, and ends with a receipt", async () => {
  const { world, disk, service } = start("approve");
  await service.ask(crashOfBlog.id, "anna", false);
  const asked = await until(disk, "waiting");
  expect(asked).toMatchObject({ diagnosis: world.behaviour.diagnosis, summary: "I have imported x." });
  expect(asked.checks).toMatchObject([{ before: { state: "succeeded" }, after: { state: "succeeded" } }]);
  expect([...world.approvals.values()]).toMatchObject([
    { subject: { kind: "repair", repairId: asked.id, folder: "/blog", files: 1, tree: "a".repeat(40) } },
  ]);
  expect(world.deeds).toEqual(["create", "check-before", "say", "check-after", "ask"]);
  world.answer("allowed");
  const done = await until(disk, "repaired");
  expect(world.deeds.slice(5)).toEqual(["merge", "restart"]);
  expect(done.merge).toMatchObject({ by: "anna", commit: "c".repeat(40) });
  expect(done.watch?.samples.length).toBeGreaterThan(1);
  expect(world.notices.at(-1)).toMatchObject({
    title: "blog/web is repaired",
    message: expect.stringMatching(
      /^server\.mjs line 3 calls x.*Changed server\.mjs \(\+1 −1\)\. All checks pass, as before\..*Runs without a crash.*port 4000 answers.*\$0\.02/,
    ) as string,
  });
});

test("the agent is told once to mend it, however long it waits for its turn, and over a restart", async () => {
  const { world, disk, service } = start("propose", ({ behaviour }) => (behaviour.hangs = "slot"));
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "repairing");
  await expect.poll(() => disk.file.repairs[0]?.isTold, { interval: 4 }).toBe(true);
  for (const isWritten of [true, false]) {
    disk.file = { ...disk.file, repairs: disk.file.repairs.map((repair) => ({ ...repair, isTold: isWritten })) };
    for (const stop of stops.splice(0)) await stop();
    open(world.parts, openMemoryBook(disk));
    await sleep(20 * timing.lookMs);
    expect(world.deeds.filter((deed) => deed === "say")).toHaveLength(1);
  }
  expect(disk.file.repairs[0]?.state).toBe("repairing");
});

test("evidence goes to the agent as data, and it is told to diagnose before it may change anything", async () => {
  const { world, disk, service } = start("propose");
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "proposed");
  const [first = "", second = ""] = world.prompts;
  expect(first).toMatch(/\*\*Change no file yet\.\*\*/);
  expect(first).toMatch(
    /<<<data ([0-9a-f]{24}) trust=outside what="last lines it wrote">>>\n\| listening\n\| TypeError/,
  );
  expect(second).toMatch(/Now mend it/);
  expect(second).toMatch(/- test: npm test/);
});

test("a proposed repair does nothing until it is applied, exactly as it was shown", async () => {
  const { world, disk, service } = start("propose");
  const { id } = await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "proposed");
  await expect(service.apply(id, "b".repeat(40), "anna")).rejects.toMatchObject({ code: "conflict" });
  expect(world.deeds).not.toContain("merge");
  await service.apply(id, "a".repeat(40), "anna");
  expect((await until(disk, "repaired")).merge?.by).toBe("anna");
});

test("work that is merged in its review is restarted and watched as well", async () => {
  const { world, disk, service } = start("propose");
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "proposed");
  if (world.review) world.review = { ...world.review, state: "merged", by: "bert", commit: "d".repeat(40) };
  expect((await until(disk, "repaired")).merge).toMatchObject({ by: "bert", commit: "d".repeat(40) });
  expect(world.deeds).not.toContain("merge");
});

test("a crash while it is watched takes the repair back by itself", async () => {
  const { world, disk, service } = start("apply", ({ behaviour }) => {
    behaviour.crashesAfterRestart = 1;
  });
  await service.ask(crashOfBlog.id, "anna", false);
  const reverted = await until(disk, "reverted");
  const noted = `did not hold ${reverted.runId ?? ""}`;
  expect(world.deeds.slice(-5)).toEqual(["merge", "restart", "undo", noted, "restart"]);
  expect(reverted.reason).toMatch(/^It crashed again after .* \(exit code 1\)\. Taken back and restarted\.$/);
  expect(reverted.revert).toMatchObject({ isAutomatic: true, by: "PortOS" });
  expect(world.notices.at(-1)).toMatchObject({ needsYou: true });
});

test("a port that answered before and does not any more takes the repair back", async () => {
  const { disk, service, world } = start("apply");
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "watching");
  world.behaviour.answers[4000] = false;
  expect((await until(disk, "reverted")).reason).toMatch(/port 4000 does not answer any more/);
});

test("one tap takes a repair back", async () => {
  const { world, disk, service } = start("apply");
  const { id } = await service.ask(crashOfBlog.id, "anna", false);
  const held = await until(disk, "repaired");
  const noted = `did not hold ${held.runId ?? ""}`;
  expect(world.deeds).not.toContain(noted);
  await service.revert(id, "anna");
  const reverted = await until(disk, "reverted");
  expect(reverted.revert).toMatchObject({ by: "anna", isAutomatic: false });
  expect(reverted.reason).toBe("Taken back by anna. It was restarted.");
  expect(world.deeds.slice(-3)).toEqual(["undo", noted, "restart"]);
  await expect(service.revert(id, "anna")).rejects.toMatchObject({ code: "conflict" });
});

test("a check that passed before must pass; one that failed before may still fail", async () => {
  const broken = start("apply", ({ exits }) => {
    exits.after = 1;
  });
  await broken.service.ask(crashOfBlog.id, "anna", false);
  expect((await until(broken.disk, "failed")).reason).toBe(
    "test does not pass any more. The work lies in its review and is not merged.",
  );
  expect(broken.world.deeds).not.toContain("merge");
  expect(broken.world.deeds).toContain("did not hold run-000000000001");
  const known = start("apply", ({ exits }) => {
    exits.before = 1;
    exits.after = 1;
  });
  await known.service.ask(crashOfBlog.id, "anna", false);
  await until(known.disk, "waiting"); // no check speaks for it, so the user is asked
  known.world.answer("allowed");
  await until(known.disk, "repaired");
});

test("an agent that changes files before its diagnosis gets no benefit of checks that failed before", async () => {
  const { disk, service, world } = start("apply", ({ behaviour, exits }) => {
    behaviour.touchesEarly = true;
    exits.before = 1;
    exits.after = 1;
  });
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "failed");
  expect(world.deeds).not.toContain("check-before");
});

test("a cause outside of the code, no change and no agent end without a merge, each with its reason", async () => {
  const cases: [(world: RepairWorld) => void, Repair["state"], RegExp][] = [
    [
      ({ behaviour }) => (behaviour.diagnosis = "Not in the code: the database is away."),
      "given-up",
      /not in the code/,
    ],
    [({ behaviour }) => (behaviour.changes = 0), "failed", /changed nothing/],
    [({ behaviour }) => (behaviour.agent = null), "given-up", /no agent/],
    [({ behaviour }) => (behaviour.canContinue = false), "failed", /cannot go on/],
  ];
  for (const [make, state, reason] of cases) {
    const { disk, service, world } = start("apply", make);
    await service.ask(crashOfBlog.id, "anna", false);
    expect((await until(disk, state)).reason).toMatch(reason);
    expect(world.deeds).not.toContain("merge");
    expect(world.deeds.includes("did not hold run-000000000001")).toBe(reason.source.includes("changed nothing"));
  }
});

test("denied, expired, changed after it was asked: nothing is merged", async () => {
  const denied = start("approve");
  await denied.service.ask(crashOfBlog.id, "anna", false);
  await until(denied.disk, "waiting");
  denied.world.answer("denied");
  expect((await until(denied.disk, "given-up")).reason).toBe("Denied by anna.");

  const expired = start("approve");
  await expired.service.ask(crashOfBlog.id, "anna", false);
  await until(expired.disk, "waiting");
  expired.world.answer("expired");
  await until(expired.disk, "proposed");

  const changed = start("approve");
  await changed.service.ask(crashOfBlog.id, "anna", false);
  await until(changed.disk, "waiting");
  if (changed.world.review) changed.world.review = { ...changed.world.review, tree: "b".repeat(40) };
  changed.world.answer("allowed");
  expect((await until(changed.disk, "proposed")).reason).toMatch(/changed after it was asked about/);
  for (const { world } of [denied, expired, changed]) expect(world.deeds).not.toContain("merge");
});

test("what cannot be merged, undone or restarted says so", async () => {
  const refusal = new AppError("conflict", "The folder has changes of its own in the same files");
  const unmerged = start("apply", ({ behaviour }) => (behaviour.mergeError = refusal));
  await unmerged.service.ask(crashOfBlog.id, "anna", false);
  expect((await until(unmerged.disk, "proposed")).reason).toMatch(/could not be merged: The folder has changes/);

  const stuck = start("apply", ({ behaviour }) => {
    behaviour.crashesAfterRestart = 1;
    behaviour.undoError = new AppError("conflict", "Something was built on it");
  });
  await stuck.service.ask(crashOfBlog.id, "anna", false);
  const given = await until(stuck.disk, "given-up");
  expect(stuck.world.deeds).toContain("did not hold run-000000000001");
  expect(given.reason).toMatch(/crashed again.*could not be taken back: Something was built on it/);
  expect(stuck.world.notices.at(-1)).toMatchObject({ needsYou: true });
});

test("panic stops before a merge and keeps anything from beginning", async () => {
  const { world, disk, service } = start(
    "apply",
    ({ behaviour }) => (behaviour.panic = "Everything is stopped by anna."),
  );
  await expect(service.ask(crashOfBlog.id, "anna", false)).rejects.toMatchObject({ code: "conflict" });
  world.behaviour.panic = null;
  world.behaviour.hangs = "checks";
  await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "checking-before");
  const checks = () => disk.file.repairs[0]?.checks ?? [];
  await expect.poll(() => checks()[0]?.before?.state).toBe("running");
  const session = checks()[0]?.before?.sessionId ?? "";
  world.behaviour.panic = "Everything is stopped by anna.";
  const { reason } = await until(disk, "given-up");
  expect(reason).toBe("Everything is stopped by anna.");
  expect(world.deeds.slice(-2)).toEqual([`kill ${session}`, "stopped 1"]);
  expect(checks()[0]?.before).toMatchObject({ state: "unknown", message: "Stopped" });
  expect(world.deeds).not.toContain("merge");
});

test("stopping ends the agent and the question", async () => {
  const { world, disk, service } = start("approve", ({ behaviour }) => (behaviour.hangs = "agent"));
  const { id } = await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "diagnosing");
  await expect.poll(() => world.deeds).toEqual(["create"]);
  await service.stop(id, "anna");
  expect((await until(disk, "given-up")).reason).toBe("Stopped by anna.");
  expect(world.deeds).toContain("stop");
});

test("nothing begins by itself before it is turned on; then a crash is repaired once, and never two of an app at once", async () => {
  const { disk, service, world } = start("off");
  service.hear([crashOfBlog]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(disk.file.repairs).toEqual([]);
  await service.setAppLevel("blog", "propose");
  service.hear([crashOfBlog]);
  service.hear([crashOfBlog]);
  const proposed = await until(disk, "proposed");
  expect(proposed).toMatchObject({ isAutomatic: true, by: "PortOS", level: "propose" });
  service.hear([crashOfBlog, { ...crashOfBlog, id: "mabcdefg-99999999" }]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(disk.file.repairs).toHaveLength(1);
  await expect(service.ask(crashOfBlog.id, "anna", true)).rejects.toMatchObject({ code: "conflict" });
  expect(world.deeds.filter((deed) => deed === "create")).toHaveLength(1);
});

test("three failures within a day stop it, saying why; the user may still ask", async () => {
  const { disk, service, world } = start("apply", ({ behaviour }) => (behaviour.changes = 0));
  for (let count = 0; count < 3; count += 1) {
    world.run = null;
    await service.ask(crashOfBlog.id, "anna", false);
    await until(disk, "failed");
  }
  service.hear([{ ...crashOfBlog, id: "mabcdefg-11111111" }]);
  const given = await until(disk, "given-up");
  expect(given.reason).toBe("3 repairs of it failed within a day. No further agent is asked by itself.");
  expect(service.settings().paused).toMatchObject([{ appId: "blog" }]);
  await expect(service.ask(crashOfBlog.id, "anna", false)).rejects.toMatchObject({ code: "conflict" });
  await service.ask(crashOfBlog.id, "anna", true);
});

test("the same crash is not repaired a third time", async () => {
  const { disk, service, world } = start("apply");
  for (let count = 0; count < 2; count += 1) {
    world.run = null;
    world.review = null;
    await service.ask(crashOfBlog.id, "anna", false);
    await until(disk, "repaired");
  }
  service.hear([{ ...crashOfBlog, id: "mabcdefg-11111111" }]);
  expect((await until(disk, "given-up")).reason).toMatch(/^The same crash was repaired twice/);
});

test("what cannot be repaired is told before anything begins", async () => {
  const { service, world } = start("apply");
  const { process } = crashOfBlog;
  const cannot = async (change: Partial<typeof process>): Promise<string | null> => {
    world.incident = { ...crashOfBlog, process: { ...process, ...change } };
    return (await service.outlook(crashOfBlog.id)).cannot;
  };
  expect(await cannot({})).toBeNull();
  expect(await cannot({ home: "user", appId: null })).toMatch(/your own PM2/);
  expect(await cannot({ appId: null })).toMatch(/no app/);
  expect(await cannot({ appId: "gone" })).toMatch(/deleted/);
  world.behaviour.hasRepository = false;
  expect(await cannot({})).toMatch(/no git repository/);
  await expect(service.ask(crashOfBlog.id, "anna", false)).rejects.toMatchObject({ code: "conflict" });
});

test("PortOS's own processes are proposed for, never applied to", async () => {
  const { service, world, disk } = start("apply");
  const process = { ...crashOfBlog.process, key: "portos-cos", name: "portos-cos", appId: null, isOwn: true };
  world.incident = { ...crashOfBlog, process };
  expect(await service.outlook(crashOfBlog.id)).toMatchObject({ cannot: null, level: "propose" });
  service.hear([world.incident]);
  const { id } = await service.ask(crashOfBlog.id, "anna", false);
  await until(disk, "proposed");
  await expect(service.apply(id, "a".repeat(40), "anna")).rejects.toMatchObject({ code: "conflict" });
  if (world.review) world.review = { ...world.review, state: "merged", by: "anna" };
  await until(disk, "repaired");
  expect(world.deeds).not.toContain("restart");
});
