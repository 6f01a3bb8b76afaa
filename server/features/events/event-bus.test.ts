import { expect, test } from "vitest";

import { eventCatalogue, eventKind } from "../../../contract/event-catalogue.ts";
import { eventNameSchema, type PortosEvent } from "../../../contract/features/events.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { type EventBus, type EventRoom, openEventBus } from "./event-bus.ts";
import { createEventLog, eventRowSchema, type EventRow, indexEvent } from "./event-log.ts";

const makeFolder = useTemporaryFolders();
const day = 24 * 3_600_000;
const passed = { ms: 0 };
const passing = { now: () => Date.parse("2026-11-22T10:00:00Z") + passed.ms, monotonic: () => passed.ms };
const app = { appId: "shop", appName: "Shop" };

async function open(
  directory: string,
  { maxFileBytes = 2_000_000, room }: { maxFileBytes?: number; room?: EventRoom } = {},
) {
  const log = await openJsonLog<EventRow>({
    directory,
    schema: eventRowSchema,
    index: indexEvent,
    maxFileBytes,
    clock: passing,
    logger: silentLogger,
  });
  const parts = { clock: passing, logger: silentLogger, ...(room === undefined ? {} : { room }) };
  return { log, bus: await openEventBus({ log: createEventLog(log), ...parts }) };
}

function taker(automations: string[]) {
  const taken: [string, string, boolean][] = [];
  return {
    taken,
    choose: () => automations,
    take: ({ name }: PortosEvent, id: string, isAgain: boolean) => void taken.push([name, id, isAgain]),
    giveUp: () => Promise.reject(new Error("Nothing is given up here")),
  };
}

test("every kind of event has an example that follows its schema, and marks only fields it has", () => {
  expect(Object.keys(eventCatalogue).toSorted()).toEqual([...eventNameSchema.options].toSorted());
  for (const name of eventNameSchema.options) {
    const { data, example, outside, title, description } = eventKind(name);
    expect(data.safeParse(example).error, name).toBeUndefined();
    for (const field of outside) expect(Object.keys(data.shape), name).toContain(field);
    expect(title.length * description.length, name).toBeGreaterThan(0);
  }
});

test("what is told twice is one event, also after the next start", async () => {
  const folder = await makeFolder();
  const first = await open(folder);
  await first.bus.tell("app.started", app, { key: "one" });
  await first.bus.tell("app.started", app, { key: "one" });
  await first.bus.tell("app.started", app);
  await first.log.close();
  const second = await open(folder);
  await second.bus.tell("app.started", app, { key: "one" });
  expect((await second.bus.page({ limit: 10 })).items).toHaveLength(2);
  expect(second.bus.last("app.started")).toMatchObject({ data: app, starts: [] });
  expect(second.bus.last("app.stopped")).toBeNull();
  await second.log.close();
});

test("an event that was written and had not arrived is handed on at the next start, one that had is not", async () => {
  const folder = await makeFolder();
  const first = await open(folder);
  first.bus.serve(taker(["au-aaaaaa", "au-bbbbbb"]));
  await first.bus.tell("app.stopped", app, { key: "one" });
  const id = first.bus.last("app.stopped")?.id ?? "";
  await first.bus.handed(id, "au-aaaaaa");
  await first.log.close();
  const second = await open(folder);
  const again = taker([]);
  second.bus.serve(again);
  expect(again.taken).toEqual([["app.stopped", "au-bbbbbb", true]]);
  await second.bus.handed(id, "au-bbbbbb");
  await second.log.close();
  const third = await open(folder);
  const none = taker([]);
  third.bus.serve(none);
  expect(none.taken).toEqual([]);
  await third.log.close();
});

test("secrets never get into an event, and what happened long ago is no news", async () => {
  const folder = await makeFolder();
  const { log, bus } = await open(folder);
  const asked = { approvalId: "0123456789abcdef", kind: "agent-tool", link: "/approvals", why: "", expiresAt: "" };
  await bus.tell("approval.asked", { ...asked, title: `curl -H "Authorization: Bearer sk-ant-${"a1B2".repeat(12)}"` });
  expect(JSON.stringify(await bus.page({ limit: 1 }))).not.toContain("a1B2a1B2");
  await bus.tell("app.started", app, { at: "2026-11-20T10:00:00.000Z" });
  expect(bus.last("app.started")).toBeNull();
  await log.close();
});

test("a secret across the length at which a text is cut leaves nothing of itself", async () => {
  const { log, bus } = await open(await makeFolder());
  registerSecret("Zq8pLm3nXc7vBt5rWy2kHj9d");
  const appName = `${"x".repeat(1_985)}Zq8pLm3nXc7vBt5rWy2kHj9d`;
  await bus.tell("app.started", { appId: "shop", appName });
  expect(JSON.stringify((await bus.page({ limit: 1 })).items)).not.toContain("Zq8p");
  await log.close();
});

test("an event that cannot be written is told again by whoever tells it again", async () => {
  const folder = await makeFolder();
  const { log, bus } = await open(folder);
  const served = taker(["au-aaaaaa"]);
  bus.serve(served);
  await log.close();
  await bus.tell("app.started", app, { key: "one" });
  expect(served.taken).toEqual([]);
  const again = await open(folder);
  await again.bus.tell("app.started", app, { key: "one" });
  expect((await again.bus.page({ limit: 10 })).items).toHaveLength(1);
  await again.log.close();
});

/** Waits for ever; what is given up is written down, as the ledger does. */
function waiter(bus: EventBus) {
  const given: { id: string; reason: string }[] = [];
  return {
    ...taker(["au-aaaaaa"]),
    given,
    async giveUp(automationId: string, ids: ReadonlySet<string>, reason: string) {
      for (const id of ids) {
        given.push({ id, reason });
        await bus.handed(id, automationId);
      }
    },
  };
}

test("while one waits the log keeps growing only up to a limit; then the oldest that wait are given up, in order", async () => {
  const room = { mostBytes: 20_000, mostWaitingBytes: 60_000, keptFiles: 2 };
  const folder = await makeFolder();
  let { log, bus } = await open(folder, { maxFileBytes: 4_000, room });
  let waits = waiter(bus);
  bus.serve(waits);
  const ids: string[] = [];
  const tell = async (): Promise<void> => {
    await bus.tell("app.started", { appId: "shop", appName: "x".repeat(300) });
    ids.push(bus.last("app.started")?.id ?? "");
  };
  for (let count = 0; count < 80; count += 1) await tell();
  expect((await log.extent()).bytes).toBeGreaterThan(30_000);
  expect(waits.given).toEqual([]);
  await log.close();
  // What stands in which file is known after the next start as well.
  ({ log, bus } = await open(folder, { maxFileBytes: 4_000, room }));
  waits = waiter(bus);
  bus.serve(waits);
  for (let count = 0; count < 120; count += 1) await tell();
  expect((await log.extent()).bytes).toBeLessThan(70_000);
  const given = waits.given.map(({ id }) => id);
  expect(given.length).toBeGreaterThan(20);
  expect(given).toEqual(ids.slice(0, given.length));
  expect(waits.given[0]?.reason).toMatch(/no room/);
  for (const id of ids.slice(given.length)) expect(await bus.read(id)).not.toBeNull();
  await log.close();
});

test("what waits longer than events are kept is given up before its day goes, and stays when it cannot be", async () => {
  const folder = await makeFolder();
  passed.ms = 0;
  const { log, bus } = await open(folder);
  const waits = waiter(bus);
  bus.serve(waits);
  await bus.tell("app.started", app);
  const old = bus.last("app.started")?.id ?? "";
  passed.ms = 40 * day;
  await bus.tell("app.stopped", app);
  await bus.prune(60);
  expect(waits.given).toEqual([]);
  bus.serve({ ...waits, giveUp: () => Promise.reject(new Error("The ledger is full")) });
  await expect(bus.prune(30)).rejects.toThrow("full");
  expect(await bus.read(old)).not.toBeNull();
  bus.serve({ ...waits, giveUp: () => Promise.resolve() });
  await bus.prune(30);
  expect(await bus.read(old)).not.toBeNull();
  bus.serve(waits);
  await bus.prune(30);
  expect(waits.given).toEqual([{ id: old, reason: "It waited for longer than events are kept (30 days)" }]);
  expect(await bus.read(old)).toBeNull();
  expect((await bus.page({ limit: 5 })).items.map(({ name }) => name)).toEqual(["app.stopped"]);
  passed.ms = 0;
  await log.close();
});
