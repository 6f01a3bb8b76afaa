import { describe, expect, it } from "vitest";

import type { OverlapPolicy } from "../../../contract/features/automation-schedules.ts";
import { addEnabled, createServiceRig, everyMinute, noFolder } from "./testing/service-rig.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = "2026-11-21T12:00:30.000Z";
const done = { state: "succeeded", reason: null, exitCode: 0 } as const;

describe("automations", () => {
  it("are off until they are turned on", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    const { automation, state } = await service.create(everyMinute());
    expect(automation.isEnabled).toBe(false);
    expect(state.nextDue).toBeNull();
    await rig.pass(3 * minute);
    expect(rig.log.entries).toEqual([]);
    const on = await service.setEnabled(automation.id, true);
    expect(on.state.nextDue).toBe("2026-11-21T12:04:00.000Z");
  });

  it("claim before they start and write one row per due time", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service);
    await rig.pass(minute);
    expect(rig.log.entries.map(({ type }) => type)).toEqual(["claim"]);
    expect(rig.started).toHaveLength(1);
    rig.started[0]?.end(done);
    await rig.settle();
    expect(rig.rows()).toEqual(["12:01 succeeded"]);
    const [view] = service.list().automations;
    expect(view?.state.recent).toMatchObject([{ state: "succeeded" }]);
    expect(view?.state.nextDue).toBe("2026-11-21T12:02:00.000Z");
  });

  it("name the field and the rule that is broken", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    const bad = everyMinute({ schedule: { kind: "cron", expression: "61 * * * *", zone: "UTC" } });
    await expect(service.create(bad)).rejects.toMatchObject({
      issues: [{ path: "body.schedule.expression", message: "Invalid value for minute: 61" }],
    });
    const nowhere = everyMinute();
    if (nowhere.action.kind === "command") nowhere.action.folder = noFolder;
    await expect(service.create(nowhere)).rejects.toMatchObject({
      issues: [{ path: "body.action.folder", message: "does not exist or cannot be read" }],
    });
    const past = everyMinute({ schedule: { kind: "once", at: "2020-01-01T00:00", zone: "UTC" } });
    await expect(service.create(past)).rejects.toMatchObject({ issues: [{ path: "body.schedule.at" }] });
  });

  it("record what came due while all were paused, and go on afterwards", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service);
    await service.setPaused(true);
    await rig.pass(2 * minute);
    await service.setPaused(false);
    await rig.pass(minute);
    expect(rig.rows()).toEqual([
      "12:01 skipped: All automations were paused",
      "12:02 skipped: All automations were paused",
    ]);
    expect(rig.started).toHaveLength(1);
  });

  it("end their commands when everything is stopped, those that wait for their turn as well", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service, { overlapPolicy: "queue-one" });
    await rig.pass(2 * minute);
    expect(rig.started).toHaveLength(1);
    expect(await service.stopCommands("Everything was stopped by Ada")).toBe(1);
    await rig.settle();
    expect(rig.rows().toSorted()).toEqual([
      "12:01 cancelled: Everything was stopped by Ada",
      "12:02 cancelled: Everything was stopped by Ada",
    ]);
    expect(rig.started).toHaveLength(1);
    expect(await service.stopCommands("Everything was stopped by Ada")).toBe(0);
  });

  it("can be deleted and brought back while their run goes on", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    const { id } = await addEnabled(service);
    await rig.pass(minute);
    await service.remove(id);
    await rig.pass(2 * minute);
    rig.started[0]?.end(done);
    await rig.settle();
    expect(rig.rows()).toEqual(["12:01 succeeded"]);
    expect((await service.restore(id)).state.nextDue).toBe("2026-11-21T12:04:00.000Z");
    await expect(service.restore(id)).rejects.toMatchObject({ code: "not_found" });
  });

  it("keep a bad entry of the file as it is and run the others", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    const { id } = await addEnabled(service);
    const stray = { id: "au-000000", name: "Mine", note: "do not lose me" };
    const current = rig.file.get();
    rig.file.edit({ ...current, automations: [stray, ...current.automations, 7, current.automations[0]] });
    expect(service.list().problems.map(({ index, name }) => [index, name])).toEqual([
      [0, "Mine"],
      [2, ""],
      [3, "Say the time"],
    ]);
    await service.setEnabled(id, false);
    expect(rig.file.get().automations[0]).toEqual(stray);
    expect(rig.file.get().automations).toHaveLength(4);
    await service.setEnabled(id, true);
    await rig.pass(minute);
    expect(rig.started).toHaveLength(1);
  });

  it("take a schedule edited by hand from now on", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service, { schedule: { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" } });
    await rig.pass(2 * hour, minute);
    const [entry] = rig.file.get().automations as { schedule: { expression: string } }[];
    rig.file.edit({
      ...rig.file.get(),
      automations: [{ ...entry, schedule: { ...entry?.schedule, expression: "*/10 * * * *" } }],
    });
    await rig.pass(10 * minute, minute);
    expect(rig.started.map(({ row }) => row.due.slice(11, 16))).toEqual(["14:10"]);
    expect(rig.rows()).toEqual([]);
  });
});

describe("a run that is due while the one before goes on", () => {
  const table: [OverlapPolicy, string[], string[]][] = [
    [
      "skip",
      ["12:01"],
      ["12:02 skipped: The run before it was still going on", "12:03 skipped: The run before it was still going on"],
    ],
    ["queue-one", ["12:01"], ["12:03 skipped: One run was waiting already"]],
    [
      "replace",
      ["12:01", "12:02", "12:03"],
      ["12:01 cancelled: Replaced by the next run", "12:02 cancelled: Replaced by the next run"],
    ],
  ];
  it.each(table)("%s", async (overlapPolicy, startedDues, rows) => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service, { overlapPolicy });
    await rig.pass(3 * minute - 20_000);
    expect(rig.started.map(({ row }) => row.due.slice(11, 16))).toEqual(startedDues);
    expect(rig.rows()).toEqual(rows);
  });

  it("really waits in line and starts when its turn comes", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    await addEnabled(service, { overlapPolicy: "queue-one" });
    await rig.pass(2 * minute - 20_000);
    expect(service.list().automations[0]?.state.open.map(({ state }) => state)).toEqual(["running", "queued"]);
    rig.started[0]?.end(done);
    await rig.settle();
    expect(rig.started.map(({ row }) => row.due.slice(11, 16))).toEqual(["12:01", "12:02"]);
    expect(rig.log.entries.map(({ type }) => type)).toEqual(["claim", "claim", "finish", "start"]);
    rig.started[1]?.end(done);
    await rig.settle();
    expect(rig.rows()).toEqual(["12:01 succeeded", "12:02 succeeded"]);
  });

  it("is refused with a reason when a person starts it", async () => {
    const rig = createServiceRig(start);
    const service = await rig.boot();
    const { id } = await addEnabled(service);
    await service.run(id, "ada");
    await expect(service.run(id, "ada")).rejects.toMatchObject({ code: "conflict" });
    expect(rig.started[0]?.row).toMatchObject({ trigger: "manual", who: "ada" });
  });
});

describe("a server that is killed", () => {
  it("between claim and finish leaves an interrupted run that is never run again", async () => {
    const rig = createServiceRig(start);
    await addEnabled(await rig.boot());
    await rig.pass(minute);
    const service = await rig.boot();
    expect(rig.rows()).toEqual(["12:01 interrupted: PortOS was stopped while it ran or before it had begun"]);
    expect(rig.started).toHaveLength(1);
    expect(service.list().automations[0]?.state.open).toEqual([]);
    const again = await rig.boot();
    expect(rig.rows()).toHaveLength(1);
    expect(again.list().automations[0]?.state.recent).toHaveLength(1);
  });

  it("while a command runs elsewhere finds it again and records its end once", async () => {
    const rig = createServiceRig(start);
    const first = await rig.boot();
    await addEnabled(first);
    await rig.pass(minute);
    const { row } = rig.started[0] ?? { row: null };
    rig.outside.set(row?.id ?? "", "running");
    await first.stop();
    await rig.boot();
    expect(rig.rows()).toEqual([]);
    expect(rig.started.map((action) => action.row.id)).toEqual([row?.id, row?.id]);
    rig.started[1]?.end({ state: "failed", reason: "Exit code 3", exitCode: 3 });
    await rig.settle();
    await rig.boot();
    expect(rig.rows()).toEqual(["12:01 failed: Exit code 3"]);
  });

  it("records the end of a command that ended meanwhile", async () => {
    const rig = createServiceRig(start);
    const first = await rig.boot();
    await addEnabled(first);
    await rig.pass(minute);
    await first.stop();
    rig.outside.set(rig.started[0]?.row.id ?? "", done);
    await rig.boot();
    expect(rig.rows()).toEqual(["12:01 succeeded"]);
  });

  it("keeps a waiting run in line", async () => {
    const rig = createServiceRig(start);
    const first = await rig.boot();
    await addEnabled(first, { overlapPolicy: "queue-one" });
    await rig.pass(2 * minute - 20_000);
    await first.stop();
    rig.outside.set(rig.started[0]?.row.id ?? "", done);
    await rig.boot();
    expect(rig.rows()).toEqual(["12:01 succeeded"]);
    expect(rig.started.at(-1)?.row.due.slice(11, 16)).toBe("12:02");
  });

  it("before the claim runs the due time late, within half a minute", async () => {
    const rig = createServiceRig(start);
    const first = await rig.boot();
    await addEnabled(first);
    await first.stop();
    rig.time.pass(45_000); // 12:01:15, nothing was claimed for 12:01
    await rig.boot();
    await rig.pass(10);
    expect(rig.started.map(({ row }) => row.due.slice(11, 19))).toEqual(["12:01:00"]);
    expect(rig.started[0]?.row.lateMs).toBeGreaterThanOrEqual(15_000);
  });

  it("accounts for every minute of three hours away, whatever was written before the kill", async () => {
    const rig = createServiceRig(start);
    const first = await rig.boot();
    await addEnabled(first);
    for (let count = 0; count < 5; count += 1) {
      await rig.pass(minute);
      rig.started.at(-1)?.end(done);
      await rig.settle();
    }
    rig.time.suspend(3 * hour);
    expect(rig.stateFile.get().number).toBe(0); // no checkpoint was written: the ledger alone must do
    await rig.boot();
    await rig.pass(1_100);
    const rows = rig.rows();
    const states = rows.map((row) => row.split(" ")[1]?.replace(":", ""));
    expect(states.filter((state) => state === "succeeded")).toHaveLength(5);
    const dues = new Set(rows.map((row) => row.slice(0, 5)));
    expect(dues.size).toBe(rows.length);
    expect(rows.length + rig.started.length - 5).toBe(5 + 180);
  });

  it("with a full disk starts nothing, and runs it when there is room again", async () => {
    const rig = createServiceRig(start);
    await addEnabled(await rig.boot());
    rig.log.setFull(true);
    await rig.pass(40_000);
    expect(rig.started).toEqual([]);
    rig.log.setFull(false);
    await rig.pass(6_000);
    expect(rig.started.map(({ row }) => row.due.slice(11, 16))).toEqual(["12:01"]);
  });
});
