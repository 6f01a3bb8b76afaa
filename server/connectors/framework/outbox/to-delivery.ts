import { outboxMessageSchema, type Delivery } from "../../../../contract/features/outbox.ts";
import { redact, redactValue } from "../../../../lib/redact.ts";
import type { QueuedDelivery } from "./outbox-queue.ts";
import type { OutboxState } from "./outbox.ts";

const looseMessage = outboxMessageSchema.strip();

/** A delivery as people see it: with its arguments, but no secret in them. Empty when its message cannot be read. */
export async function toDelivery(state: OutboxState, delivery: QueuedDelivery): Promise<Delivery[]> {
  const row = await state.log.read(delivery.rowId);
  if (row?.kind !== "message" || row.id !== delivery.id) return [];
  const { id, attempts, failure } = delivery;
  const message = looseMessage.parse(row);
  const dueInMs = delivery.dueAt - state.clock.monotonic();
  const isWaiting = delivery.state === "waiting";
  return [
    {
      ...message,
      input: redactValue(message.input) as Delivery["input"],
      idempotencyKey: redact(message.idempotencyKey),
      orderingKey: message.orderingKey === null ? null : redact(message.orderingKey),
      id,
      acceptedAt: row.at,
      state: delivery.state,
      attempts,
      dueAt: isWaiting ? new Date(state.clock.now() + Math.max(0, dueInMs)).toISOString() : null,
      failure,
      behind: state.queue.before(delivery)?.id ?? null,
    },
  ];
}
