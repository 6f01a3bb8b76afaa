import { outboxMessageSchema, type DeliveryFailure, type OutboxMessage } from "../../../../contract/features/outbox.ts";
import { jitteredPauseMs, type RetryPolicy } from "../../../../lib/retry.ts";
import type { QueuedDelivery } from "./outbox-queue.ts";
import type { OutboxRow } from "./outbox-row.ts";
import type { OutboxOptions, OutboxState } from "./outbox.ts";

export interface DeliveryPolicy extends RetryPolicy {
  /** Most tries under way at once. */
  parallel: number;
}

/** One try of one message. */
export interface DeliveryTry extends OutboxMessage {
  id: string;
  /** Counted from 1. */
  attempt: number;
  /** Aborts when the outbox stops. */
  signal: AbortSignal;
}

/**
 * What became of a try. `isFinal`: no further one can help. `isHeld`: nothing was sent, because nothing may be at the
 * moment; the try does not count.
 */
export type DeliveryResult =
  | { ok: true }
  | {
      ok: false;
      isHeld: true;
      reason: string;
      /** When it is worth looking again, in milliseconds; soon when left out. */
      pauseMs?: number;
    }
  | {
      ok: false;
      isHeld?: false;
      isFinal: boolean;
      failure: DeliveryFailure;
      /** Pause the other side has asked for, in milliseconds. */
      askedMs?: number | null;
    };

export interface OutboxStart {
  /** Makes one call. What it throws counts as a failure that may pass. */
  deliver: (message: DeliveryTry) => Promise<DeliveryResult>;
  /** Why nothing may be sent now, `null` when something may. */
  paused?: () => string | null;
}

/** Sends what is due, so many at once, and writes what became of it. */
export interface Deliverer {
  start(options: OutboxStart, maintain: () => Promise<void>): void;
  pump(): void;
  paused(): string | null;
  /** Those whose last try was cut by the end of the process. */
  giveUpInterrupted(deliveries: readonly QueuedDelivery[]): Promise<void>;
  stop(): Promise<void>;
}

/** Pause before what could not be written, or was held back, is looked at again. */
const againMs = 5_000;
const looseMessage = outboxMessageSchema.strip();
/** A timer is never longer: the machine may have slept. */
const lookEveryMs = 30_000;
/** So many ended deliveries between two looks at what can be cleared away. */
const maintainEvery = 1_000;

/** The sending side of an outbox; nothing is sent before `start`. */
export function createDeliverer(state: OutboxState, options: OutboxOptions): Deliverer {
  const deliverer = new OpenDeliverer(state, options);
  return {
    start: (start, maintain) => {
      deliverer.start(start, maintain);
    },
    pump: () => {
      deliverer.pump();
    },
    paused: () => deliverer.paused(),
    giveUpInterrupted: (deliveries) => deliverer.giveUpInterrupted(deliveries),
    stop: () => deliverer.stop(),
  };
}

class OpenDeliverer {
  readonly #state: OutboxState;
  readonly #random: () => number;
  readonly #schedule: NonNullable<OutboxOptions["schedule"]>;
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #started: OutboxStart | null = null;
  #maintain: (() => Promise<void>) | null = null;
  #maintaining: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #ended = 0;

  constructor(state: OutboxState, { random = Math.random, schedule = scheduleTimeout }: OutboxOptions) {
    this.#state = state;
    this.#random = random;
    this.#schedule = schedule;
  }

  start(start: OutboxStart, maintain: () => Promise<void>): void {
    this.#started = start;
    this.#maintain = maintain;
    this.#lookAfter();
    this.pump();
  }

  paused(): string | null {
    if (!this.#started) return "Nothing is delivered yet";
    return this.#started.paused?.() ?? null;
  }

  pump(): void {
    const { queue, clock, policy } = this.#state;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (!this.#started || this.#stopped.signal.aborted) return;
    while (this.#running.size < policy.parallel && this.paused() === null) {
      const delivery = queue.next(clock.monotonic());
      if (!delivery) break;
      queue.place(Object.assign(delivery, { state: "sending" }));
      const work = this.#send(delivery, this.#started).finally(() => {
        this.#running.delete(work);
        this.pump();
      });
      this.#running.add(work);
    }
    const due = queue.firstDue();
    if (due === null || this.#running.size >= policy.parallel) return;
    const inMs = this.paused() === null ? Math.max(0, due - clock.monotonic()) : againMs;
    this.#cancelTimer = this.#schedule(
      () => {
        this.pump();
      },
      Math.min(inMs, lookEveryMs),
    );
  }

  async giveUpInterrupted(deliveries: readonly QueuedDelivery[]): Promise<void> {
    const { log, logger, policy, now } = this.#state;
    for (const delivery of deliveries) {
      if (delivery.attempts < policy.maxAttempts) continue;
      const message = "PortOS ended during its last try. Whether it arrived is not known.";
      const failure = { code: "interrupted", message, evidenceId: null };
      try {
        await log.add({ kind: "dead", id: delivery.id, at: now(), failure });
        this.#change(delivery, { state: "dead", failure }, 0);
      } catch (error) {
        logger.error("A delivery could not be given up", { id: delivery.id }, error); // it gets another try
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer?.();
    await Promise.all(this.#running);
    await this.#maintaining;
  }

  async #send(delivery: QueuedDelivery, { deliver }: OutboxStart): Promise<void> {
    const { log, logger, now } = this.#state;
    const { id } = delivery;
    const attempt = delivery.attempts + 1;
    try {
      // The end of the process leaves it there; were it lost with the power, a try would only be counted too few.
      await log.add({ kind: "attempt", id, at: now(), attempt }, { isDurable: false });
    } catch (error) {
      logger.error("A try of a delivery could not be written", { id }, error);
      this.#change(delivery, { state: delivery.failure ? "waiting" : "queued" }, againMs);
      return;
    }
    delivery.attempts = attempt;
    const result = await this.#try(delivery, deliver);
    if (this.#stopped.signal.aborted && !result.ok) return; // it is tried again after the next start
    await this.#settle(delivery, result);
  }

  async #try(delivery: QueuedDelivery, deliver: OutboxStart["deliver"]): Promise<DeliveryResult> {
    const { log, logger } = this.#state;
    const { id, attempts: attempt } = delivery;
    try {
      const row = await log.read(delivery.rowId);
      if (row?.kind !== "message" || row.id !== id) {
        const failure = { code: "message_lost", message: "Its message can no longer be read.", evidenceId: null };
        return { ok: false, isFinal: true, failure };
      }
      const message = looseMessage.parse(row);
      return await deliver({ ...message, id, attempt, signal: this.#stopped.signal });
    } catch (error) {
      logger.error("A delivery has thrown", { id }, error);
      const failure = { code: "internal", message: "Internal error", evidenceId: null };
      return { ok: false, isFinal: false, failure };
    }
  }

  /** Tries to write it until it is written: were it forgotten, what has arrived would be sent again. */
  async #settle(delivery: QueuedDelivery, result: DeliveryResult): Promise<void> {
    const { log, logger } = this.#state;
    delivery.isSettling = true;
    const { row, apply } = this.#ending(delivery, result);
    for (;;) {
      try {
        const rowId = await log.add(row);
        delivery.isSettling = false;
        apply(rowId);
        break;
      } catch (error) {
        logger.error("What became of a delivery could not be written", { id: delivery.id }, error);
        if (this.#stopped.signal.aborted) return;
        await this.#pause(againMs);
      }
    }
    this.#ended += 1;
    if (this.#ended % maintainEvery === 0) this.#lookAfter();
  }

  /** What is written of a try, and what holds once it is. */
  #ending(delivery: QueuedDelivery, result: DeliveryResult): { row: OutboxRow; apply: (rowId: string) => void } {
    const { queue, settled, clock, policy, now } = this.#state;
    const { id, key, input, attempts } = delivery;
    const at = now();
    if (result.ok) {
      const apply = (rowId: string): void => {
        settled.set(key, { id, input, at, rowId });
        queue.remove(delivery);
      };
      return { row: { kind: "delivered", id, at, key, input }, apply };
    }
    if (result.isHeld) {
      const apply = (): void => {
        this.#change(
          delivery,
          { state: delivery.failure ? "waiting" : "queued", attempts: attempts - 1 },
          result.pauseMs ?? againMs,
        );
      };
      return { row: { kind: "held", id, at, attempts: attempts - 1 }, apply };
    }
    const failure = { ...result.failure, message: result.failure.message.slice(0, 500) };
    const askedMs = result.askedMs ?? 0;
    if (result.isFinal || attempts >= policy.maxAttempts || askedMs > policy.maxAskedMs) {
      const apply = (): void => {
        this.#change(delivery, { state: "dead", failure }, 0);
      };
      return { row: { kind: "dead", id, at, failure }, apply };
    }
    const pauseMs = askedMs + jitteredPauseMs(attempts, policy, this.#random);
    const apply = (): void => {
      this.#change(delivery, { state: "waiting", failure }, pauseMs);
    };
    return { row: { kind: "failed", id, at, dueAt: new Date(clock.now() + pauseMs).toISOString(), failure }, apply };
  }

  #change(delivery: QueuedDelivery, changes: Partial<QueuedDelivery>, pauseMs: number): void {
    const { queue, clock } = this.#state;
    queue.place(Object.assign(delivery, changes, { dueAt: clock.monotonic() + pauseMs }));
  }

  #lookAfter(): void {
    if (this.#maintaining || !this.#maintain) return;
    this.#maintaining = this.#maintain()
      .catch((error: unknown) => {
        this.#state.logger.error("Old files of the outbox could not be cleared away", {}, error);
      })
      .finally(() => {
        this.#maintaining = null;
      });
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        cancel();
        resolve();
      };
      const cancel = this.#schedule(done, ms);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

function scheduleTimeout(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
