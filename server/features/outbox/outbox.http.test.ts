import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { openOutbox } from "../../connectors/framework/outbox/outbox.ts";
import { outboxRowSchema, type OutboxRow } from "../../connectors/framework/outbox/outbox-row.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;

/** Leaves a dead letter and one behind it before the server has the folder. */
async function fill(directory: string): Promise<void> {
  const log = await openJsonLog<OutboxRow>({
    directory,
    schema: outboxRowSchema,
    clock: systemClock,
    logger: silentLogger,
  });
  const outbox = await openOutbox({ log, clock: systemClock, logger: silentLogger });
  for (const key of ["one", "two"])
    await outbox.accept({
      connector: "slack",
      operation: "send-message",
      input: { text: key, token: "hunter22" },
      idempotencyKey: key,
      orderingKey: "k",
      caller: { kind: "automation", name: "Nightly" },
      correlationId: "0123456789ab",
    });
  const failure = { code: "invalid_params", message: "No such channel", evidenceId: null };
  outbox.start({ deliver: () => Promise.resolve({ ok: false, isFinal: true, failure }) });
  await until(async () => (await outbox.list({ limit: 1 })).counts.dead === 1);
  await outbox.stop();
  await log.close();
}

beforeEach(async () => {
  const first = await startTestApp();
  await first.stop();
  await fill(join(first.env.dataDir, "outbox"));
  app = await startTestApp({ directory: join(first.env.dataDir, "..") });
});
afterEach(() => app.end());

test("deliveries and dead letters are listed without secrets; one can be tried again or discarded", async () => {
  const { items, counts } = await app.call("outbox.list", { query: {} });
  expect(items.map(({ idempotencyKey, state }) => [idempotencyKey, state])).toEqual([
    ["one", "dead"],
    ["two", "queued"],
  ]);
  expect(counts).toEqual({ queued: 1, sending: 0, waiting: 0, dead: 1 });
  expect(JSON.stringify(items)).not.toContain("hunter22");
  const [dead, behind] = items;
  const letters = await app.call("outbox.deadLetters", { query: {} });
  expect(letters.items).toMatchObject([{ id: dead?.id, failure: { message: "No such channel" } }]);
  const params = { id: dead?.id ?? "" };
  expect((await app.call("outbox.retry", { params })).state).not.toBe("dead");
  expect((await app.call("outbox.deadLetters", { query: {} })).items).toEqual([]);
  // Slack is turned off here, so it waits for that.
  const first = async () => (await app.call("outbox.list", { query: {} })).items[0];
  await expect.poll(async () => (await first())?.state).toBe("waiting");
  expect(await first()).toMatchObject({ id: dead?.id, attempts: 0 });
  expect(await app.call("outbox.discard", { params })).toEqual(params);
  expect((await app.call("outbox.list", { query: { connector: "slack" } })).items).toMatchObject([
    { id: behind?.id, behind: null },
  ]);
  await expect(app.call("outbox.retry", { params })).rejects.toMatchObject({ status: 404 });
  await expect(app.call("outbox.retry", { params: { id: "x" } })).rejects.toMatchObject({ status: 400 });
});
