import { useEffect, useRef } from "react";

import type { Channel, ClientReply, ServerPayload } from "../../../contract/channel.ts";
import type { Channels } from "../../../contract/index.ts";
import { emptyFeed, feedEvent, feedLost, feedSubscribed, type FeedStep, type SubscribeReply } from "./feed-state.ts";
import { channel, connection, connectionCount } from "./socket.ts";

/** Names of the channels that are feeds. */
export type FeedName = {
  [N in keyof Channels]: Channels[N] extends { client: { subscribe: unknown }; server: { event: unknown } } ? N : never;
}[keyof Channels];
type Feed<N extends FeedName> = Channels[N] extends infer C extends Channel ? C : never;
/** Whole state of a feed. */
export type FeedSnapshot<N extends FeedName> =
  ClientReply<Feed<N>, "subscribe"> extends { snapshot?: infer S } ? NonNullable<S> : never;
/** One change of a feed. */
export type FeedEvent<N extends FeedName> = ServerPayload<Feed<N>, "event"> extends { event: infer E } ? E : never;

export interface FeedHandlers<N extends FeedName> {
  /** The whole state; `skipped` counts events lost for good, `null` when unknown (the server restarted). */
  onSnapshot: (snapshot: FeedSnapshot<N>, skipped: number | null) => void;
  onEvent: (event: FeedEvent<N>) => void;
}

/** A feed's channel with its types left open: the same code serves all of them. */
interface LooseClient {
  emit(event: "subscribe" | "unsubscribe", payload: { after?: string }): Promise<unknown>;
  on(event: "event", listener: (payload: { cursor: string; event: unknown }) => void): () => void;
}

const retryMs = 2000;

/** Followers per feed on this page: the server is told to stop only when the last one leaves. */
const followers = new Map<string, number>();

/**
 * Follows a feed while the component is mounted: `useFeed("apps", { onSnapshot, onEvent })`. After a
 * lost connection it asks for exactly what it missed. Write into the query cache from the handlers.
 */
export function useFeed<N extends FeedName>(name: N, handlers: FeedHandlers<N>, isEnabled = true): void {
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    if (!isEnabled) return undefined;
    return followFeed(name, {
      onSnapshot: (snapshot, skipped) => {
        current.current.onSnapshot(snapshot, skipped);
      },
      onEvent: (event) => {
        current.current.onEvent(event);
      },
    });
  }, [name, isEnabled]);
}

/** The same outside React. Returns the way to stop. */
export function followFeed<N extends FeedName>(name: N, handlers: FeedHandlers<N>): () => void {
  type Step = FeedStep<FeedSnapshot<N>, FeedEvent<N>>;
  const client = channel(name) as LooseClient;
  let state = emptyFeed<FeedEvent<N>>();
  let isAsking = false;
  const stop = new AbortController();
  const apply = (step: Step): void => {
    if (stop.signal.aborted) return;
    state = step.state;
    if (step.snapshot !== null) handlers.onSnapshot(step.snapshot.value, step.snapshot.skipped);
    for (const event of step.events) handlers.onEvent(event);
    if (step.hasGap) subscribe();
  };
  const subscribe = (): void => {
    if (isAsking || stop.signal.aborted || connection.get() !== "live") return;
    isAsking = true;
    client
      .emit("subscribe", state.cursor === null ? {} : { after: state.cursor })
      .finally(() => {
        isAsking = false;
      })
      .then(
        (reply) => {
          apply(feedSubscribed(state, reply as SubscribeReply<FeedSnapshot<N>, FeedEvent<N>>));
        },
        () => {
          setTimeout(subscribe, retryMs); // refused or timed out; the connection may be new by then
        },
      );
  };
  followers.set(name, (followers.get(name) ?? 0) + 1);
  const stopListening = client.on("event", ({ cursor, event }) => {
    apply(feedEvent(state, cursor, event as FeedEvent<N>));
  });
  const stopWatching = connectionCount.subscribe(() => {
    state = feedLost(state);
    subscribe();
  });
  subscribe();
  return () => {
    stop.abort();
    stopListening();
    stopWatching();
    const left = (followers.get(name) ?? 1) - 1;
    followers.set(name, left);
    if (left === 0 && connection.get() === "live") void client.emit("unsubscribe", {}).catch(() => undefined);
  };
}
