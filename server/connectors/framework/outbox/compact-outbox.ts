import { readCursor } from "../../../../lib/json-log-reader.ts";
import type { QueuedDelivery } from "./outbox-queue.ts";
import type { MessageRow } from "./outbox-row.ts";
import type { OutboxState } from "./outbox.ts";
import type { SettledMessage } from "./replay-outbox.ts";

/** Files that may lie there beyond those that are full of messages to be delivered. */
const spareFiles = 2;
const settledBytes = 250;
/** Rows that are read and written again at once. */
const together = 200;

/**
 * Lets the oldest file of an outbox go: what is still needed of it is written again at the end, as it is now. Only when
 * there are more than twice as many files as the messages need, so that what waits for long is not written again and again.
 */
export async function compactOutbox(state: OutboxState): Promise<void> {
  for (;;) {
    const files = await state.log.fileCount();
    if (files <= spareFiles) return;
    const { bytes, oldest } = survey(state);
    if (files <= Math.ceil((2 * bytes) / state.fileBytes) + spareFiles) return;
    const newest = await newestFile(state);
    const number = Math.min(oldest, newest - 1);
    if (!(await moveAway(state, number))) return;
    await state.log.removeBefore(`${number + 1}:0`);
    if ((await state.log.fileCount()) >= files) return;
  }
}

/** How much is still needed, and the oldest file with some of it. */
function survey({ queue, settled }: OutboxState): { bytes: number; oldest: number } {
  let bytes = settled.size * settledBytes;
  let oldest = Infinity;
  for (const delivery of queue.all()) {
    bytes += delivery.bytes;
    oldest = Math.min(oldest, readCursor(delivery.rowId).number);
  }
  for (const { rowId } of settled.values()) oldest = Math.min(oldest, readCursor(rowId).number);
  return { bytes, oldest };
}

async function newestFile({ log }: OutboxState): Promise<number> {
  const [row] = (await log.page({ limit: 1 })).items;
  return row ? readCursor(row.rowId).number : 0;
}

/** Answers whether nothing of the files up to this one is needed any more. */
async function moveAway(state: OutboxState, number: number): Promise<boolean> {
  const isOld = ({ rowId }: { rowId: string }): boolean => readCursor(rowId).number <= number;
  const deliveries = [...state.queue.all()].filter(isOld);
  if (deliveries.some(isBusy)) return false;
  const settled = [...state.settled].filter(([, one]) => isOld(one));
  for (let at = 0; at < Math.max(deliveries.length, settled.length); at += together) {
    const moved = await Promise.all([
      ...deliveries.slice(at, at + together).map((delivery) => moveMessage(state, delivery)),
      ...settled.slice(at, at + together).map(([key, message]) => moveSettled(state, key, message)),
    ]);
    if (moved.includes(false)) return false;
  }
  return true;
}

/** Answers `false` when something becomes of the delivery just now: its row must not come behind that. */
async function moveMessage(state: OutboxState, delivery: QueuedDelivery): Promise<boolean> {
  const row = await state.log.read(delivery.rowId);
  if (state.queue.get(delivery.id) !== delivery) return true; // ended meanwhile
  if (row?.kind !== "message" || isBusy(delivery)) return false;
  const { rowId: _rowId, link: _link, ...message } = row;
  const dueInMs = Math.max(0, delivery.dueAt - state.clock.monotonic());
  const now: MessageRow = {
    ...message,
    attempts: delivery.attempts,
    isDead: delivery.state === "dead",
    dueAt: delivery.state === "waiting" ? new Date(state.clock.now() + dueInMs).toISOString() : null,
    failure: delivery.failure,
  };
  delivery.rowId = await state.log.add(now);
  return true;
}

async function moveSettled({ log }: OutboxState, key: string, message: SettledMessage): Promise<true> {
  const { id, at, input } = message;
  message.rowId = await log.add({ kind: "delivered", id, at, key, input });
  return true;
}

function isBusy({ state, isSettling }: QueuedDelivery): boolean {
  return state === "sending" || isSettling;
}
