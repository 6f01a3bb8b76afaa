import { readdir } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { registerSecret } from "../../../../lib/redact.ts";
import { createFaultyDisk } from "../../../../lib/testing/faulty-disk.ts";
import { until, useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import type { DeliveryTry } from "./deliverer.ts";
import { createTime, failed, isEmpty, message, ok, openScene as open, quick } from "./testing/outbox-scene.ts";

const newFolder = useTemporaryFolders();

describe("an outbox", () => {
  test("delivers what it has accepted, once when nothing goes wrong, and forgets it", async () => {
    const { outbox, close } = await open(await newFolder());
    const seen: DeliveryTry[] = [];
    const { id, isNew } = await outbox.accept(message("one"));
    expect(isNew).toBe(true);
    expect(await outbox.list({ limit: 5 })).toMatchObject({
      items: [{ id, state: "queued", attempts: 0 }],
      paused: "Nothing is delivered yet",
    });
    outbox.start({
      deliver: (one) => {
        seen.push(one);
        return Promise.resolve(ok);
      },
    });
    await until(() => isEmpty(outbox));
    expect(seen).toMatchObject([{ ...message("one"), id, attempt: 1 }]);
    await close();
  });

  test("shows one delivery as the list does, and nothing of what is gone", async () => {
    const { outbox, close } = await open(await newFolder());
    const { id } = await outbox.accept(message("one"));
    const { id: second } = await outbox.accept(message("two"));
    expect(await outbox.get(second)).toMatchObject({ id: second, state: "queued", input: { text: "two" } });
    expect(await outbox.get(id)).toEqual((await outbox.list({ limit: 1 })).items[0]);
    await outbox.discard(id);
    expect(await outbox.get(id)).toBeNull();
    await close();
  });

  test("shows no secret, not even one that was taken for a key", async () => {
    registerSecret("hunter22-of-the-outbox");
    const { outbox, close } = await open(await newFolder());
    await outbox.accept(message("hunter22-of-the-outbox", { orderingKey: "to hunter22-of-the-outbox" }));
    expect(await outbox.list({ limit: 5 })).toMatchObject({
      items: [{ idempotencyKey: "[redacted]", orderingKey: "to [redacted]" }],
    });
    await close();
  });

  test("accepts the same message once, also after its delivery and a restart, and refuses another one under its key", async () => {
    const directory = await newFolder();
    let { outbox, close } = await open(directory);
    const [one, other] = await Promise.all([outbox.accept(message("one")), outbox.accept(message("one"))]);
    expect([one.isNew, other.isNew, one.id === other.id]).toEqual([true, false, true]);
    await expect(outbox.accept(message("one", { input: { text: "2" } }))).rejects.toMatchObject({ code: "conflict" });
    expect((await outbox.accept(message("one", { operation: "update" }))).isNew).toBe(true);
    outbox.start({ deliver: () => Promise.resolve(ok) });
    await until(() => isEmpty(outbox));
    expect(await outbox.accept(message("one"))).toEqual({ id: one.id, isNew: false });
    await close();
    ({ outbox, close } = await open(directory));
    expect(await outbox.accept(message("one"))).toEqual({ id: one.id, isNew: false });
    await expect(outbox.accept(message("one", { input: 2 }))).rejects.toMatchObject({ code: "conflict" });
    await close();
  });

  test("refuses what is not valid and, on a full disk, everything, and accepts it when there is room", async () => {
    const { disk, fail, heal } = createFaultyDisk();
    const { outbox, close } = await open(await newFolder(), { disk });
    await expect(outbox.accept(message(""))).rejects.toMatchObject({ code: "invalid_request" });
    fail("writeNow 2", "ENOSPC");
    await expect(outbox.accept(message("one"))).rejects.toMatchObject({ code: "disk_full" });
    expect(await isEmpty(outbox)).toBe(true);
    heal();
    expect(await outbox.accept(message("one"))).toMatchObject({ isNew: true });
    await close();
  });

  test("keeps the order of a key, one at a time, while others go on beside it", async () => {
    const { outbox, close } = await open(await newFolder());
    const order: string[] = [];
    let underWay = 0;
    for (let number = 0; number < 30; number += 1)
      await outbox.accept(message(`m${number}`, { orderingKey: number % 3 === 0 ? null : `k${number % 3}` }));
    const tries = new Map<string, number>();
    outbox.start({
      deliver: async ({ idempotencyKey, orderingKey }) => {
        underWay += 1;
        expect(underWay).toBeLessThanOrEqual(quick.parallel);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        underWay -= 1;
        tries.set(idempotencyKey, (tries.get(idempotencyKey) ?? 0) + 1);
        if ((tries.get(idempotencyKey) ?? 0) < 3) return failed();
        if (orderingKey !== null) order.push(`${orderingKey} ${idempotencyKey.slice(1)}`);
        return ok;
      },
    });
    await until(() => isEmpty(outbox));
    for (const key of ["k1", "k2"]) {
      const numbers = order.filter((line) => line.startsWith(key)).map((line) => Number(line.split(" ")[1]));
      expect(numbers).toHaveLength(10);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    await close();
  });
});

describe("failures", () => {
  test("are tried again after growing pauses with jitter, no sooner than asked for, until the tries are used up", async () => {
    const time = createTime();
    const policy = { maxAttempts: 4, baseMs: 1_000, maxPauseMs: 3_000, maxAskedMs: 60_000, parallel: 1 };
    const { outbox, close } = await open(await newFolder(), { ...time, policy, random: () => 0.5 });
    const { id } = await outbox.accept(message("one"));
    let tries = 0;
    outbox.start({
      deliver: () => {
        tries += 1;
        return Promise.resolve(tries === 3 ? { ...failed(), askedMs: 20_000 } : failed());
      },
    });
    for (const pauseMs of [500, 1_000, 21_500]) {
      await until(async () => (await outbox.list({ limit: 1 })).items[0]?.state === "waiting");
      const made = tries;
      time.advance(pauseMs - 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(tries).toBe(made);
      time.advance(1);
      await until(() => tries === made + 1);
    }
    await until(async () => (await outbox.list({ limit: 1 })).items[0]?.state === "dead");
    const dead = await outbox.list({ limit: 5, state: "dead" });
    expect(dead.items).toMatchObject([{ id, attempts: 4, failure: { code: "upstream_failed" }, dueAt: null }]);
    await close();
  });

  test("that are final, asked for too long a pause, or were thrown end as they should", async () => {
    const { outbox, close } = await open(await newFolder());
    for (const key of ["final", "long", "throws"]) await outbox.accept(message(key));
    outbox.start({
      deliver: ({ idempotencyKey: key, attempt }) => {
        if (key === "final") return Promise.resolve(failed("invalid_params", true));
        if (key === "long") return Promise.resolve({ ...failed("rate_limited"), askedMs: 5_000 });
        return attempt === 1 ? Promise.reject(new Error("secret detail")) : Promise.resolve(ok);
      },
    });
    await until(async () => (await outbox.list({ limit: 9 })).items.every(({ state }) => state === "dead"));
    const { items, counts } = await outbox.list({ limit: 9 });
    expect(items.map(({ failure }) => failure?.code)).toEqual(["invalid_params", "rate_limited"]);
    expect(counts).toEqual({ queued: 0, sending: 0, waiting: 0, dead: 2 });
    await close();
  });

  test("a dead letter holds those behind it until it is retried or discarded, over a restart, too", async () => {
    const directory = await newFolder();
    const first = await open(directory);
    const ids: string[] = [];
    for (const key of ["a", "b", "c"]) ids.push((await first.outbox.accept(message(key, { orderingKey: "k" }))).id);
    first.outbox.start({ deliver: () => Promise.resolve(failed("gone", true)) });
    await until(async () => (await first.outbox.list({ limit: 9 })).counts.dead === 1);
    expect((await first.outbox.list({ limit: 9 })).items).toMatchObject([
      { id: ids[0], state: "dead", behind: null },
      { id: ids[1], state: "queued", behind: ids[0] },
      { id: ids[2], state: "queued", behind: ids[0] },
    ]);
    await first.close();
    const { outbox, close } = await open(directory);
    const sent: string[] = [];
    let isUp = false;
    outbox.start({
      deliver: ({ idempotencyKey }) => {
        sent.push(idempotencyKey);
        return Promise.resolve(isUp ? ok : failed("gone", true));
      },
    });
    expect(await outbox.retry(ids[0] ?? "")).toMatchObject({ attempts: expect.any(Number) as number });
    await until(async () => sent.length === 1 && (await outbox.list({ limit: 9 })).counts.dead === 1);
    await outbox.discard(ids[0] ?? "");
    await until(async () => sent.length === 2 && (await outbox.list({ limit: 9 })).counts.dead === 1);
    isUp = true;
    await outbox.retry(ids[1] ?? "");
    await until(() => isEmpty(outbox));
    expect(sent).toEqual(["a", "b", "b", "c"]);
    await expect(outbox.retry(ids[0] ?? "")).rejects.toMatchObject({ code: "not_found" });
    await expect(outbox.discard(ids[0] ?? "")).rejects.toMatchObject({ code: "not_found" });
    await close();
  });

  test("what became of a delivery and cannot be written is written later; it is not sent again", async () => {
    const time = createTime();
    const { disk, fail, heal } = createFaultyDisk();
    const { outbox, close } = await open(await newFolder(), { ...time, disk });
    await outbox.accept(message("one"));
    let sent = 0;
    outbox.start({
      deliver: () => {
        sent += 1;
        fail("writeNow 2", "ENOSPC");
        return Promise.resolve(ok);
      },
    });
    await until(() => sent === 1 && time.pauses().includes(5_000));
    expect((await outbox.list({ limit: 1 })).items[0]?.state).toBe("sending");
    heal();
    time.advance(5_000);
    await until(() => isEmpty(outbox));
    expect(sent).toBe(1);
    await close();
  });

  test("a last try that the end of the process has cut is given up, an earlier one is made again", async () => {
    const directory = await newFolder();
    const policy = { ...quick, maxAttempts: 2 };
    for (const expected of ["queued", "dead"]) {
      const { outbox, log, close } = await open(directory, { policy });
      await outbox.accept(message("one"));
      let isSent = false;
      outbox.start({
        deliver: () => {
          isSent = true;
          return new Promise(() => undefined);
        },
      });
      await until(() => isSent);
      await log.close();
      const again = await open(directory, { policy });
      expect((await again.outbox.list({ limit: 1 })).items).toMatchObject([{ state: expected }]);
      await again.close();
      if (expected === "dead") expect(close).toBeTypeOf("function");
    }
  });
});

describe("pauses", () => {
  test("nothing is sent while everything is stopped or the network is off, and it goes on when it is woken", async () => {
    const { outbox, close } = await open(await newFolder());
    let reason: string | null = "Everything is stopped";
    let sent = 0;
    outbox.start({
      deliver: () => {
        sent += 1;
        return Promise.resolve(ok);
      },
      paused: () => reason,
    });
    await outbox.accept(message("one"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([sent, (await outbox.list({ limit: 1 })).paused]).toEqual([0, "Everything is stopped"]);
    reason = null;
    outbox.wake();
    await until(() => isEmpty(outbox));
    expect(sent).toBe(1);
    await close();
  });

  test("a try that was held back does not count", async () => {
    const time = createTime();
    const { outbox, close } = await open(await newFolder(), time);
    await outbox.accept(message("one"));
    const attempts: number[] = [];
    outbox.start({
      deliver: ({ attempt }) => {
        attempts.push(attempt);
        return Promise.resolve(attempts.length < 9 ? { ok: false, isHeld: true, reason: "offline" } : ok);
      },
    });
    await until(async () => {
      time.advance(5_000);
      return isEmpty(outbox);
    });
    expect(attempts).toEqual(Array.from({ length: 9 }, () => 1));
    await close();
  });

  test("a clock that is set back delays nothing", async () => {
    const directory = await newFolder();
    const time = createTime();
    const policy = { ...quick, baseMs: 60_000, maxPauseMs: 60_000 };
    const first = await open(directory, { ...time, policy, random: () => 0.99 });
    await first.outbox.accept(message("one"));
    first.outbox.start({ deliver: () => Promise.resolve(failed()) });
    await until(async () => (await first.outbox.list({ limit: 1 })).counts.waiting === 1);
    await first.close();
    time.setWall(-30 * 864e5);
    const { outbox, close } = await open(directory, { ...time, policy });
    outbox.start({ deliver: () => Promise.resolve(ok) });
    for (let step = 0; step < 4; step += 1) time.advance(20_000);
    await until(() => isEmpty(outbox));
    await close();
  });

  test("lists in the order of acceptance, page by page, without secrets", async () => {
    const { outbox, close } = await open(await newFolder());
    const ids: string[] = [];
    for (let number = 0; number < 7; number += 1)
      ids.push((await outbox.accept(message(`m${number}`, { input: { password: "hunter22" } }))).id);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await outbox.list({ limit: 3, after });
      expect(JSON.stringify(page)).not.toContain("hunter22");
      seen.push(...page.items.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after);
    expect(seen).toEqual(ids);
    await close();
  });
});

test("files of what was delivered go, what waits stays in order, and the same message stays known", async () => {
  const directory = await newFolder();
  const fileBytes = 20_000;
  const first = await open(directory, { fileBytes });
  const stuck = await first.outbox.accept(message("stuck", { orderingKey: "s" }));
  first.outbox.start({
    deliver: ({ orderingKey }) => Promise.resolve(orderingKey === "s" ? failed("no", true) : ok),
  });
  for (let round = 0; round < 40; round += 1)
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => first.outbox.accept(message(`${round}-${at}`, { input: "x".repeat(900) }))),
    );
  await until(async () => (await first.outbox.list({ limit: 5 })).items.length === 1);
  const behind = await first.outbox.accept(message("behind", { orderingKey: "s" }));
  await first.close();
  const full = (await readdir(directory)).length;
  expect(full).toBeGreaterThan(20);
  const { outbox, close } = await open(directory, { fileBytes });
  outbox.start({ deliver: () => Promise.resolve(ok) });
  await until(async () => (await readdir(directory)).length < full / 1.5);
  expect((await outbox.list({ limit: 9 })).items).toMatchObject([
    { id: stuck.id, state: "dead" },
    { id: behind.id, state: "queued", behind: stuck.id },
  ]);
  expect(await outbox.accept(message("0-0", { input: "x".repeat(900) }))).toMatchObject({ isNew: false });
  await close();
  const again = await open(directory, { fileBytes });
  expect((await again.outbox.list({ limit: 9 })).items.map(({ id }) => id)).toEqual([stuck.id, behind.id]);
  expect(await again.outbox.accept(message("39-9", { input: "x".repeat(900) }))).toMatchObject({ isNew: false });
  await again.close();
});
