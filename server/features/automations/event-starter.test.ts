import { expect, test } from "vitest";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import type { EventName, PortosEvent } from "../../../contract/features/events.ts";
import type { AutomationService } from "./automation-service.ts";
import { longestChain } from "./event-causes.ts";
import { startsPerMinute } from "./event-starter.ts";
import { addEnabled, createServiceRig, everyMinute } from "./testing/service-rig.ts";

const start = "2026-11-22T12:00:30.000Z";
const done = { state: "succeeded", reason: null } as const;
const minute = 60_000;

let number = 0;
function event(changes: Partial<PortosEvent> = {}): PortosEvent {
  number += 1;
  const id = `ev-${String(number).padStart(20, "0")}`;
  const data = { appId: "shop", appName: "Shop" };
  return { id, name: "app.started", at: "2026-11-22T12:01:00.000Z", data, causes: [], starts: [], ...changes };
}

const onEvents = (events: EventName[] = ["app.started"], filter: string | null = null) =>
  ({ schedule: { kind: "event", events, filter } }) satisfies Partial<AutomationInput>;

async function rigWith(changes: Partial<AutomationInput> = {}) {
  const rig = createServiceRig(start);
  const service = await rig.boot();
  const automation = await addEnabled(service, { ...onEvents(), overlapPolicy: "queue-all", ...changes });
  const take = async (given: PortosEvent, to: AutomationService = service, isAgain = false): Promise<void> => {
    to.starter.take(given, automation.id, isAgain);
    await rig.settle();
  };
  return { rig, service, automation, take };
}

test("an event is for automations that are on, name it, and whose filter it fits", async () => {
  const { service, automation } = await rigWith(onEvents(["app.started"], "data.appId == 'shop'"));
  const off = await service.create({
    ...automation,
    ...onEvents(),
    action: { kind: "restart-app", appId: "shop" },
  } as never);
  expect(off.automation.isEnabled).toBe(false);
  expect(service.starter.choose(event())).toEqual([automation.id]);
  expect(service.starter.choose(event({ name: "app.stopped" }))).toEqual([]);
  expect(service.starter.choose(event({ data: { appId: "blog", appName: "Blog" } }))).toEqual([]);
  expect(service.starter.choose(event({ at: "2026-11-22T12:00:00.000Z" })), "before it was turned on").toEqual([]);
});

const each = "$.data.many[*]";
const slow = `${each}.[${each}.[${each}.[${each}]]]`;
const many = Array.from({ length: 2_000 }, (_, at) => at);
/** Looking through it this way takes very long. */
const large = (): PortosEvent => event({ data: { appId: "shop", many } });

test("a filter that takes too long twice is told once and not tried again until it is changed", async () => {
  const { rig, service, automation, take } = await rigWith(onEvents(["app.started"], slow));
  rig.tellings.length = 0;
  await take(large());
  await take(large());
  expect(rig.tellings).toEqual(["too slow: Say the time"]);
  const before = performance.now();
  for (let count = 0; count < 20; count += 1) expect(service.starter.choose(large())).toEqual([automation.id]);
  await take(large());
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(rig.started).toEqual([]);
  expect(rig.rows()).toEqual([
    "12:01 skipped: Its filter cannot be worked out: it takes too long",
    "12:01 skipped: Its filter cannot be worked out: it takes too long",
    "12:01 skipped: Its filter cannot be worked out: it took too long, and is not tried again until it is changed",
  ]);
  const input = everyMinute({ ...onEvents(["app.started"], slow), name: "Renamed" });
  await service.update(automation.id, input);
  await rig.settle();
  expect(rig.tellings).toHaveLength(1);
  await service.update(automation.id, { ...input, ...onEvents(["app.started"], "data.appId == 'shop'") });
  await rig.settle();
  expect(rig.tellings).toEqual(["too slow: Say the time", `settled: ${automation.id}`]);
  await take(large());
  expect(rig.started).toHaveLength(1);
});

test("it runs for each event, one after another, in their order", async () => {
  const { rig, take } = await rigWith();
  const all = [event(), event(), event()];
  for (const one of all) await take(one);
  expect(rig.started).toHaveLength(1);
  for (const [index] of all.entries()) {
    rig.started[index]?.end(done);
    await rig.settle();
  }
  expect(rig.started.map(({ row }) => row.eventId)).toEqual(all.map(({ id }) => id));
  expect(rig.started[0]?.row).toMatchObject({ trigger: "event", who: "app.started", due: all[0]?.at });
  expect(rig.handed).toHaveLength(3);
});

test("an event given again after a restart starts nothing twice", async () => {
  const { rig, take } = await rigWith();
  const one = event();
  await take(one);
  rig.started[0]?.end(done);
  await rig.settle();
  const second = await rig.boot();
  await take(one, second, true);
  expect(rig.started).toHaveLength(1);
  expect(rig.handed).toHaveLength(2);
  const other = event();
  await take(other, second, true);
  expect(rig.started.at(-1)?.row.eventId).toBe(other.id);
});

test("it is never started by what it did itself, by a circle, or by a chain that is too long", async () => {
  const { rig, service, automation, take } = await rigWith();
  const other = await addEnabled(service, { ...onEvents(), name: "Other" });
  await take(event({ causes: [other.id, automation.id] }));
  await take(event({ causes: [automation.id, other.id] }));
  await take(event({ causes: Array.from({ length: longestChain }, () => other.id) }));
  expect(rig.started).toEqual([]);
  expect(rig.rows()).toEqual([
    "12:01 skipped: It would start itself: this app.started came about by what it did",
    "12:01 skipped: It would go round: this app.started came about by Say the time, then Other",
    "12:01 skipped: 5 automations one after another led to this app.started; no more follow from it",
  ]);
  await take(event({ causes: [other.id] }));
  expect(rig.started[0]?.row.causes).toEqual([other.id]);
  expect(service.causesOf(automation.id)).toEqual([other.id, automation.id]);
});

test("what comes too fast waits, so that a circle nobody can see stays slow", async () => {
  const { rig, take } = await rigWith();
  for (let count = 0; count < startsPerMinute + 5; count += 1) {
    await take(event());
    rig.started.at(-1)?.end(done);
    await rig.settle();
  }
  expect(rig.started).toHaveLength(startsPerMinute);
  await rig.pass(minute + 1_000);
  for (let count = 0; count < 5; count += 1) {
    rig.started.at(-1)?.end(done);
    await rig.settle();
  }
  expect(rig.started).toHaveLength(startsPerMinute + 5);
});

test("what waits when it is turned off is given up in one row", async () => {
  const { rig, service, automation, take } = await rigWith();
  for (let count = 0; count < 4; count += 1) await take(event());
  await service.setEnabled(automation.id, false);
  rig.started[0]?.end(done);
  await rig.settle();
  expect(rig.started).toHaveLength(1);
  const skipped = rig.log.entries.map(({ row }) => row).find(({ state }) => state === "skipped");
  expect(skipped).toMatchObject({ reason: "The automation is off", count: 3 });
  expect(rig.handed).toHaveLength(4);
});

test("what is given up while it waits has a row that says why, what is under way goes on, and the rest stays", async () => {
  const { rig, service, automation, take } = await rigWith();
  const [running, ...waiting] = [event(), event(), event(), event()];
  for (const one of [running, ...waiting]) await take(one);
  const last = waiting.at(-1)?.id ?? "";
  const meant = new Set([running.id, ...waiting.slice(0, -1).map(({ id }) => id)]);
  const given = service.starter.giveUp(automation.id, meant, "There is no room");
  await rig.settle();
  await given;
  expect(rig.handed).toHaveLength(3);
  const skipped = rig.log.entries.map(({ row }) => row).filter(({ state }) => state === "skipped");
  expect(skipped).toMatchObject([{ reason: "There is no room", count: 2 }]);
  rig.started[0]?.end(done);
  await rig.settle();
  expect(rig.started.map(({ row }) => row.eventId)).toEqual([running.id, last]);
});

test("with the other policies an event that comes while it runs is treated as they say", async () => {
  const { rig, take } = await rigWith({ overlapPolicy: "skip" });
  await take(event());
  await take(event());
  expect(rig.rows()).toEqual(["12:01 skipped: The run before it was still going on"]);
});

test("queue-all is for events alone, and a filter is named when it is wrong", async () => {
  const { service } = await rigWith();
  await expect(addEnabled(service, { overlapPolicy: "queue-all" })).rejects.toMatchObject({
    issues: [{ path: "body.overlapPolicy", message: "queue-all is for automations that events start" }],
  });
  await expect(addEnabled(service, onEvents(["app.started"], "data.app == 'x'"))).rejects.toMatchObject({
    issues: [{ path: "body.schedule.filter", message: expect.stringContaining("they have appId, appName") as string }],
  });
});

test("it has no next due time and is not on the timeline", async () => {
  const { service, automation } = await rigWith();
  expect(service.view(automation.id).state.nextDue).toBeNull();
});
