import type { OutboxMessage } from "../../../../../contract/features/outbox.ts";
import { systemClock, type Clock } from "../../../../../lib/clock.ts";
import { systemDisk, type Disk } from "../../../../../lib/durable-file.ts";
import { openJsonLog, type OpenJsonLog } from "../../../../../lib/json-log.ts";
import { silentLogger } from "../../../../../lib/logger.ts";
import type { DeliveryPolicy, DeliveryResult } from "../deliverer.ts";
import { openOutbox, type Outbox, type OutboxOptions } from "../outbox.ts";
import { outboxRowSchema, type OutboxRow } from "../outbox-row.ts";

export const quick: DeliveryPolicy = { maxAttempts: 4, baseMs: 1, maxPauseMs: 3, maxAskedMs: 1_000, parallel: 3 };
export const ok: DeliveryResult = { ok: true };
export const failed = (code = "upstream_failed", isFinal = false): DeliveryResult => ({
  ok: false,
  isFinal,
  failure: { code, message: "It did not answer", evidenceId: null },
});

export function message(key: string, more: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    connector: "slack",
    operation: "send-message",
    input: { text: key },
    idempotencyKey: key,
    orderingKey: null,
    caller: { kind: "automation", name: "Nightly", id: "a1" },
    correlationId: "0123456789ab",
    ...more,
  };
}

export interface Opened {
  outbox: Outbox;
  log: OpenJsonLog<OutboxRow>;
  close(): Promise<void>;
}

export async function openScene(
  directory: string,
  more: Partial<OutboxOptions> & { disk?: Disk; clock?: Clock } = {},
): Promise<Opened> {
  const { disk = systemDisk, clock = systemClock, fileBytes = 1_000_000, ...rest } = more;
  const log = await openJsonLog<OutboxRow>({
    directory,
    schema: outboxRowSchema,
    clock,
    logger: silentLogger,
    maxFileBytes: fileBytes,
    disk,
  });
  const outbox = await openOutbox({ log, clock, logger: silentLogger, policy: quick, fileBytes, ...rest });
  return {
    outbox,
    log,
    async close() {
      await outbox.stop();
      await log.close();
    },
  };
}

export async function isEmpty(outbox: Outbox): Promise<boolean> {
  return (await outbox.list({ limit: 1 })).items.length === 0;
}

/** A clock and timers that only go on when they are told to. */
export function createTime() {
  let now = 1_000_000;
  let wall = Date.UTC(2026, 10, 20);
  const timers = new Set<{ at: number; work: () => void }>();
  return {
    clock: { now: () => wall + now, monotonic: () => now },
    schedule: (work: () => void, ms: number) => {
      const timer = { at: now + ms, work };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pauses: () => [...timers].map(({ at }) => at - now),
    setWall(ms: number) {
      wall += ms;
    },
    advance(ms: number) {
      now += ms;
      for (const timer of Array.from(timers))
        if (timer.at <= now) {
          timers.delete(timer);
          timer.work();
        }
    },
  };
}
