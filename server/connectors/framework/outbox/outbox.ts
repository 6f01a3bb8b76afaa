import { randomBytes } from "node:crypto";

import {
  outboxMessageSchema,
  type Delivery,
  type DeliveryFailure,
  type DeliveryPage,
  type DeliveryState,
  type OutboxMessage,
} from "../../../../contract/features/outbox.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { describeIssues } from "../../../../lib/json-document.ts";
import type { OpenJsonLog } from "../../../../lib/json-log.ts";
import type { Logger } from "../../../../lib/logger.ts";
import { compactOutbox } from "./compact-outbox.ts";
import { createDeliverer, type DeliveryPolicy, type OutboxStart } from "./deliverer.ts";
import { createOutboxQueue, type OutboxQueue, type QueuedDelivery } from "./outbox-queue.ts";
import type { MessageRow, OutboxRow } from "./outbox-row.ts";
import { inputOf, keyOf, replayOutbox, toQueued, type SettledMessage } from "./replay-outbox.ts";
import { toDelivery } from "./to-delivery.ts";

/** Twelve tries within some hours. */
export const usualDelivery: DeliveryPolicy = {
  maxAttempts: 12,
  baseMs: 2_000,
  maxPauseMs: 30 * 60_000,
  maxAskedMs: 24 * 3_600_000,
  parallel: 4,
};

/** Size at which the log of an outbox begins another file. */
export const outboxFileBytes = 8 * 1024 * 1024;

const maxMessages = 200_000;
const settledForMs = 24 * 3_600_000;
const maxSettled = 100_000;

/** A page of deliveries: the oldest come first. */
interface DeliveryQuery {
  after?: string | undefined;
  limit: number;
  state?: DeliveryState | undefined;
  connector?: string | undefined;
}

/**
 * Writes to the outside that must arrive: on disk before they are accepted, tried until they are delivered or given up, at
 * least once, in the order of their ordering key, over every restart.
 */
export interface Outbox {
  /**
   * Resolves when the message is on disk. The same key of the same operation is accepted once, until a day after its delivery;
   * with other arguments it is a `conflict`. Rejects with `disk_full`, `unavailable`, `invalid_request`, and `rate_limited`
   * when too much waits.
   */
  accept(message: OutboxMessage): Promise<{ id: string; isNew: boolean }>;
  /** From now on messages are delivered. Nothing is before, and nothing while `paused` answers a reason. */
  start(options: OutboxStart): void;
  /** Looks again whether something may be sent: after a pause has ended. */
  wake(): void;
  list(query: DeliveryQuery): Promise<DeliveryPage>;
  /** One delivery; `null` when it has arrived, was discarded or never was. */
  get(id: string): Promise<Delivery | null>;
  /** Tries a delivery again now, a dead one with all its tries. Throws `not_found` or `conflict`. */
  retry(id: string): Promise<Delivery>;
  /** Gives a delivery up for good; those behind it go on. Throws `not_found`, or `conflict` while it is being sent. */
  discard(id: string): Promise<void>;
  /** How much waits, and why nothing is sent at the moment. */
  state(): Pick<DeliveryPage, "counts" | "paused">;
  /** How a delivery stands; `null` when it has arrived, was discarded or never was. */
  stateOf(id: string): { state: DeliveryState; failure: DeliveryFailure | null } | null;
  /** Calls with the id of each delivery that is new, stands otherwise or is gone. Answers how to stop that. */
  onChange(listener: (id: string) => void): () => void;
  /** Begins no more tries, cuts those under way and waits for them. The log is closed by who opened it. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  log: OpenJsonLog<OutboxRow>;
  clock: Clock;
  logger: Logger;
  policy?: DeliveryPolicy;
  /** Size at which the log begins another file. */
  fileBytes?: number;
  /** From 0 up to 1. */
  random?: () => number;
  /** Calls back later; answers how to prevent it. */
  schedule?: (work: () => void, ms: number) => () => void;
}

/** What the parts of an outbox share. */
export interface OutboxState {
  readonly log: OpenJsonLog<OutboxRow>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queue: OutboxQueue;
  readonly settled: Map<string, SettledMessage>;
  readonly policy: DeliveryPolicy;
  readonly fileBytes: number;
  now(): string;
}

/** Opens an outbox and finds out what is still to be delivered; nothing is sent before `start`. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const { log, clock, logger, policy = usualDelivery, fileBytes = outboxFileBytes } = options;
  const replayed = await replayOutbox(log, { clock, maxPauseMs: Math.max(policy.maxPauseMs, policy.maxAskedMs) });
  const changes = createChanges();
  const queue = createOutboxQueue(changes.tell);
  const now = (): string => new Date(clock.now()).toISOString();
  const state: OutboxState = { log, clock, logger, queue, settled: replayed.settled, policy, fileBytes, now };
  for (const delivery of replayed.deliveries) queue.add(delivery);
  const deliverer = createDeliverer(state, options);
  await deliverer.giveUpInterrupted(replayed.interrupted);
  let lastNumber = replayed.lastNumber;
  const accepting = new Map<string, Promise<QueuedDelivery>>();

  async function write(message: OutboxMessage): Promise<QueuedDelivery> {
    lastNumber += 1;
    const fresh = { attempts: 0, isDead: false, dueAt: null, failure: null };
    const row: MessageRow = {
      kind: "message",
      ...message,
      id: newId(lastNumber),
      at: now(),
      number: lastNumber,
      ...fresh,
    };
    const delivery = toQueued(row, await log.add(row), clock.monotonic());
    queue.add(delivery);
    deliverer.pump();
    return delivery;
  }

  function known(key: string): Promise<QueuedDelivery> | { id: string; input: string } | undefined {
    return accepting.get(key) ?? queue.byKey(key) ?? state.settled.get(key);
  }

  function find(id: string): QueuedDelivery {
    const delivery = queue.get(id);
    if (!delivery)
      throw new AppError("not_found", "There is no such delivery.", { hint: "It may have been delivered meanwhile." });
    if (delivery.state === "sending" || delivery.isSettling)
      throw new AppError("conflict", "The delivery is being sent just now.", { hint: "Try again in a moment." });
    return delivery;
  }

  /** Writes what is to become of a delivery before it holds. */
  async function settle(delivery: QueuedDelivery, row: OutboxRow, then: () => void): Promise<void> {
    delivery.isSettling = true;
    const { state: former } = delivery;
    queue.place(Object.assign(delivery, { state: "sending" })); // nobody else takes it meanwhile
    try {
      await log.add(row);
    } catch (error) {
      queue.place(Object.assign(delivery, { state: former, isSettling: false }));
      throw error;
    }
    delivery.isSettling = false;
    then();
    deliverer.pump();
  }

  return {
    async accept(input) {
      const parsed = outboxMessageSchema.safeParse(input);
      if (!parsed.success)
        throw new AppError("invalid_request", `The message is not valid: ${describeIssues(parsed.error)}.`);
      const message = parsed.data;
      const key = keyOf(message);
      const same = known(key);
      if (same) {
        const { id, input: digest } = await same;
        if (digest === inputOf(JSON.stringify(message.input))) return { id, isNew: false };
        throw new AppError("conflict", "This idempotency key was used with other arguments.", {
          hint: "Use a key of its own for each message.",
        });
      }
      if (queue.size() + accepting.size >= maxMessages)
        throw new AppError("rate_limited", `${maxMessages} messages wait already.`, {
          hint: "Look at the dead letters and at what does not answer.",
        });
      const writing = write(message).finally(() => accepting.delete(key));
      accepting.set(key, writing);
      return { id: (await writing).id, isNew: true };
    },
    start: (start) => {
      deliverer.start(start, () => maintain(state));
    },
    wake: () => {
      deliverer.pump();
    },
    async list(query) {
      const { found, hasMore } = choose(queue, query);
      const items = (await Promise.all(found.map((delivery) => toDelivery(state, delivery)))).flat();
      const next = hasMore ? (found.at(-1)?.id ?? null) : null;
      return { items, next, counts: queue.counts(), paused: deliverer.paused() };
    },
    async get(id) {
      const delivery = queue.get(id);
      const [shown] = delivery === undefined ? [] : await toDelivery(state, delivery);
      return shown ?? null;
    },
    async retry(id) {
      const delivery = find(id);
      await settle(delivery, { kind: "retried", id, at: now() }, () => {
        queue.place(Object.assign(delivery, { state: "queued", attempts: 0, dueAt: clock.monotonic() }));
      });
      const [shown] = await toDelivery(state, delivery);
      if (!shown) throw new AppError("not_found", "The delivery can no longer be read.");
      return shown;
    },
    async discard(id) {
      const delivery = find(id);
      await settle(delivery, { kind: "discarded", id, at: now() }, () => {
        queue.remove(delivery);
      });
    },
    state: () => ({ counts: queue.counts(), paused: deliverer.paused() }),
    stateOf(id) {
      const delivery = queue.get(id);
      return delivery === undefined ? null : { state: delivery.state, failure: delivery.failure };
    },
    onChange: changes.hear,
    stop: () => deliverer.stop(),
  };
}

function choose(queue: OutboxQueue, { after, limit, state: wanted, connector }: DeliveryQuery) {
  const found: QueuedDelivery[] = [];
  for (const delivery of queue.all()) {
    if (after !== undefined && delivery.id <= after) continue;
    if ((wanted && delivery.state !== wanted) || (connector && delivery.connector !== connector)) continue;
    if (found.length === limit) return { found, hasMore: true };
    found.push(delivery);
  }
  return { found, hasMore: false };
}

function createChanges() {
  const listeners = new Set<(id: string) => void>();
  return {
    tell({ id }: QueuedDelivery): void {
      for (const listener of listeners) listener(id);
    },
    hear(listener: (id: string) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Sorts as the numbers do; a number may come again once all that had it is gone. */
function newId(number: number): string {
  const random = BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(10, "0")
    .slice(-10);
  return `d${number.toString(36).padStart(9, "0")}${random}`;
}

/** Forgets what was delivered long ago, and lets old files go. */
async function maintain(state: OutboxState): Promise<void> {
  const oldest = new Date(state.clock.now() - settledForMs).toISOString();
  for (const [key, { at }] of state.settled) {
    if (at >= oldest && state.settled.size <= maxSettled) break;
    state.settled.delete(key);
  }
  await compactOutbox(state);
}
