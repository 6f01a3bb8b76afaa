import type { Clock } from "../../../../lib/clock.ts";
import { sha256 } from "../../../../lib/json-log-chain.ts";
import type { OpenJsonLog } from "../../../../lib/json-log.ts";
import type { QueuedDelivery } from "./outbox-queue.ts";
import type { MessageRow, OutboxRow } from "./outbox-row.ts";

/** A message that was delivered and is still known, so that the same one is not delivered again. */
export interface SettledMessage {
  readonly id: string;
  readonly input: string;
  readonly at: string;
  rowId: string;
}

/** What the rows of an outbox say together. */
export interface ReplayedOutbox {
  /** In the order of their acceptance. */
  deliveries: QueuedDelivery[];
  settled: Map<string, SettledMessage>;
  /** Deliveries a try of which was under way when the process ended. */
  interrupted: QueuedDelivery[];
  lastNumber: number;
}

/** Digest of what makes two messages the same. */
export function keyOf({
  connector,
  operation,
  idempotencyKey,
}: Pick<MessageRow, "connector" | "operation" | "idempotencyKey">): string {
  return sha256(JSON.stringify([connector, operation, idempotencyKey])).slice(0, 32);
}

/** What a row has besides its arguments, about. */
const rowOverheadBytes = 600;

/** Digest of arguments as JSON, to tell the same message from another one under the same key. */
export function inputOf(inputJson: string): string {
  return sha256(inputJson).slice(0, 16);
}

/** Reads an outbox from its first row to its last. */
export async function replayOutbox(
  log: Pick<OpenJsonLog<OutboxRow>, "entries">,
  { clock, maxPauseMs }: { clock: Clock; maxPauseMs: number },
): Promise<ReplayedOutbox> {
  const open = new Map<string, QueuedDelivery>();
  const settled = new Map<string, SettledMessage>();
  const interrupted = new Map<string, QueuedDelivery>();
  const steady = (time: string | null): number => {
    const inMs = time === null ? 0 : Date.parse(time) - clock.now();
    return clock.monotonic() + Math.max(0, Math.min(inMs, maxPauseMs)); // a clock that was set delays nothing for long
  };
  let lastNumber = 0;
  for await (const row of log.entries()) {
    if (row.kind === "message") {
      lastNumber = Math.max(lastNumber, row.number);
      open.set(row.id, toQueued(row, row.rowId, steady(row.dueAt)));
      interrupted.delete(row.id);
      continue;
    }
    if (row.kind === "delivered") settled.set(row.key, { id: row.id, input: row.input, at: row.at, rowId: row.rowId });
    const delivery = open.get(row.id);
    if (!delivery) continue;
    if (row.kind === "attempt") interrupted.set(row.id, delivery);
    else interrupted.delete(row.id);
    if (row.kind === "delivered" || row.kind === "discarded") open.delete(row.id);
    else apply(delivery, row, steady);
  }
  const deliveries = [...open.values()].toSorted((one, other) => one.number - other.number);
  return { deliveries, settled, interrupted: [...interrupted.values()].filter(({ id }) => open.has(id)), lastNumber };
}

/** What is kept in memory of a message on disk. */
export function toQueued(row: MessageRow, rowId: string, dueAt: number): QueuedDelivery {
  const input = JSON.stringify(row.input);
  return {
    id: row.id,
    number: row.number,
    connector: row.connector,
    orderingKey: row.orderingKey,
    key: keyOf(row),
    input: inputOf(input),
    bytes: input.length + rowOverheadBytes,
    rowId,
    state: row.isDead ? "dead" : row.failure ? "waiting" : "queued",
    attempts: row.attempts,
    dueAt,
    failure: row.failure,
    isSettling: false,
  };
}

function apply(
  delivery: QueuedDelivery,
  row: Exclude<OutboxRow, { kind: "message" | "delivered" | "discarded" }>,
  steady: (time: string | null) => number,
): void {
  switch (row.kind) {
    case "attempt":
      delivery.attempts = row.attempt;
      return;
    case "failed":
      delivery.state = "waiting";
      delivery.failure = row.failure;
      delivery.dueAt = steady(row.dueAt);
      return;
    case "held":
      delivery.attempts = row.attempts;
      return;
    case "dead":
      delivery.state = "dead";
      delivery.failure = row.failure;
      return;
    case "retried":
      Object.assign(delivery, { state: "queued", attempts: 0, dueAt: steady(null) });
  }
}
