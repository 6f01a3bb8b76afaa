import type { DeliveryFailure, DeliveryState } from "../../../../contract/features/outbox.ts";
import { createDueHeap } from "../../../../lib/due-heap.ts";

/** What is kept in memory of a delivery; its message stays on disk. */
export interface QueuedDelivery {
  readonly id: string;
  /** Order of acceptance. */
  readonly number: number;
  readonly connector: string;
  readonly orderingKey: string | null;
  /** Digests of what makes the message the same as another one, and of its arguments. */
  readonly key: string;
  readonly input: string;
  /** About so much its message takes on disk. */
  readonly bytes: number;
  /** Where its message is. */
  rowId: string;
  state: DeliveryState;
  attempts: number;
  /** Steady time, milliseconds. */
  dueAt: number;
  failure: DeliveryFailure | null;
  /** What becomes of it is being written. */
  isSettling: boolean;
}

/** Deliveries of one ordering key are linked in their order: a map would look at all that went before to find its first. */
interface Link {
  readonly delivery: QueuedDelivery;
  before: Link | null;
  after: Link | null;
}

/** Which delivery is next: the first of each ordering key, when it is due. */
export interface OutboxQueue {
  add(delivery: QueuedDelivery): void;
  get(id: string): QueuedDelivery | undefined;
  byKey(key: string): QueuedDelivery | undefined;
  remove(delivery: QueuedDelivery): void;
  /** Its state or due time has changed. */
  place(delivery: QueuedDelivery): void;
  /** Takes the one that is due longest. */
  next(now: number): QueuedDelivery | undefined;
  /** When the next one is due, `null` when there is none. */
  firstDue(): number | null;
  /** The one with the same ordering key that has to go first. */
  before(delivery: QueuedDelivery): QueuedDelivery | null;
  /** In the order of acceptance. */
  all(): Iterable<QueuedDelivery>;
  counts(): Record<DeliveryState, number>;
  size(): number;
}

/** An empty queue; deliveries are added in the order of their acceptance. `onChange` is told of each, and when one is gone. */
export function createOutboxQueue(
  onChange: (delivery: QueuedDelivery, isGone: boolean) => void = () => undefined,
): OutboxQueue {
  const links = new Map<string, Link>();
  const keys = new Map<string, QueuedDelivery>();
  const lanes = new Map<string, { first: Link; last: Link }>();
  const due = createDueHeap();

  function head(delivery: QueuedDelivery): QueuedDelivery {
    const lane = delivery.orderingKey === null ? undefined : lanes.get(delivery.orderingKey);
    return lane?.first.delivery ?? delivery;
  }

  function append(orderingKey: string, link: Link): void {
    const lane = lanes.get(orderingKey);
    if (!lane) {
      lanes.set(orderingKey, { first: link, last: link });
      return;
    }
    link.before = lane.last;
    lane.last.after = link;
    lane.last = link;
  }

  function unlink(orderingKey: string, { before, after }: Link): void {
    const lane = lanes.get(orderingKey);
    if (!lane) return;
    if (before) before.after = after;
    if (after) after.before = before;
    if (!before && !after) {
      lanes.delete(orderingKey);
      return;
    }
    if (!before && after) {
      lane.first = after;
      place(after.delivery);
    }
    if (!after && before) lane.last = before;
  }

  function place(delivery: QueuedDelivery): void {
    const isReady = delivery.state === "queued" || delivery.state === "waiting";
    if (isReady && head(delivery) === delivery) due.set(delivery.id, delivery.dueAt);
    else due.remove(delivery.id);
    onChange(delivery, false);
  }

  return {
    add(delivery) {
      const link: Link = { delivery, before: null, after: null };
      links.set(delivery.id, link);
      keys.set(delivery.key, delivery);
      if (delivery.orderingKey !== null) append(delivery.orderingKey, link);
      place(delivery);
    },
    get: (id) => links.get(id)?.delivery,
    byKey: (key) => keys.get(key),
    remove(delivery) {
      const link = links.get(delivery.id);
      links.delete(delivery.id);
      keys.delete(delivery.key);
      due.remove(delivery.id);
      if (delivery.orderingKey !== null && link) unlink(delivery.orderingKey, link);
      onChange(delivery, true);
    },
    place,
    next(now) {
      const [id] = due.take(now, 1);
      return id === undefined ? undefined : links.get(id)?.delivery;
    },
    firstDue: () => due.first(),
    before(delivery) {
      const first = head(delivery);
      return first === delivery ? null : first;
    },
    *all() {
      for (const { delivery } of links.values()) yield delivery;
    },
    counts() {
      const counts = { queued: 0, sending: 0, waiting: 0, dead: 0 };
      for (const { delivery } of links.values()) counts[delivery.state] += 1;
      return counts;
    },
    size: () => links.size,
  };
}
