/** What one follower of a feed knows: the last place seen, and events that came before the subscription was answered. */
export interface FeedState<E> {
  readonly cursor: string | null;
  readonly isSubscribed: boolean;
  readonly waiting: readonly { cursor: string; event: E }[];
}

/** What the follower has to do about a message. */
export interface FeedStep<S, E> {
  readonly state: FeedState<E>;
  readonly snapshot: { value: S; skipped: number | null } | null;
  readonly events: readonly E[];
  /** An event is missing: subscribe again after the cursor. */
  readonly hasGap: boolean;
}

export interface SubscribeReply<S, E> {
  cursor: string;
  snapshot?: S | undefined;
  events: E[];
  skipped: number | null;
}

/** A follower that has seen nothing yet. */
export function emptyFeed<E>(): FeedState<E> {
  return { cursor: null, isSubscribed: false, waiting: [] };
}

/** The connection is gone: remember the place, forget the subscription. */
export function feedLost<E>(state: FeedState<E>): FeedState<E> {
  return { cursor: state.cursor, isSubscribed: false, waiting: [] };
}

/** The answer to a subscription: snapshot or missed events, then what arrived meanwhile, each once and in order. */
export function feedSubscribed<S, E>(state: FeedState<E>, reply: SubscribeReply<S, E>): FeedStep<S, E> {
  let step: FeedStep<S, E> = {
    state: { cursor: reply.cursor, isSubscribed: true, waiting: [] },
    snapshot: reply.snapshot === undefined ? null : { value: reply.snapshot, skipped: reply.skipped },
    events: reply.events,
    hasGap: false,
  };
  for (const { cursor, event } of state.waiting) {
    const next = feedEvent<S, E>(step.state, cursor, event);
    step = { ...next, snapshot: step.snapshot, events: [...step.events, ...next.events] };
    if (next.hasGap) break;
  }
  return step;
}

/** One live event: kept while unsubscribed, dropped when seen before, a gap when its number is not the next one. */
export function feedEvent<S, E>(state: FeedState<E>, cursor: string, event: E): FeedStep<S, E> {
  const nothing = { snapshot: null, events: [], hasGap: false };
  if (!state.isSubscribed) return { ...nothing, state: { ...state, waiting: [...state.waiting, { cursor, event }] } };
  const [epoch, number] = parseCursor(cursor);
  const [lastEpoch, last] = parseCursor(state.cursor ?? ":0");
  if (epoch === lastEpoch && number <= last) return { ...nothing, state };
  if (epoch !== lastEpoch || number !== last + 1) return { ...nothing, state: feedLost(state), hasGap: true };
  return { ...nothing, state: { ...state, cursor }, events: [event] };
}

function parseCursor(cursor: string): [epoch: string, number: number] {
  const [epoch = "", number = "0"] = cursor.split(":");
  return [epoch, Number(number)];
}
