import { randomBytes } from "node:crypto";

import type { z } from "zod";

import type { defineFeed } from "../../contract/channel.ts";
import type { Schema } from "../../contract/endpoint.ts";
import type { Realtime } from "./realtime.ts";

type FeedDefinition<S extends Schema, E extends Schema> = ReturnType<typeof defineFeed<string, S, E>>;

export interface Feed<E> {
  publish(event: E): void;
  /** Whether anybody is subscribed: expensive sources run only then. */
  isWatched(): boolean;
  /** Told when the first subscriber comes and when the last one leaves. */
  onWatched(listener: (isWatched: boolean) => void): void;
}

/**
 * Serves one resumable feed: the last `keep` events are remembered, so that a client that comes back gets exactly
 * what it missed, or a snapshot and the number of events that are gone.
 */
export function createFeed<S extends Schema, E extends Schema>(
  realtime: Realtime,
  definition: FeedDefinition<S, E>,
  options: { snapshot: () => z.output<S> | Promise<z.output<S>>; keep?: number },
): Feed<z.output<E>> {
  const { snapshot, keep = 500 } = options;
  const epoch = randomBytes(5).toString("hex");
  const remembered: z.output<E>[] = [];
  const listeners: ((isWatched: boolean) => void)[] = [];
  const subscribers = new Set<string>();
  let last = 0;

  function setWatched(id: string, isSubscribed: boolean): void {
    const before = subscribers.size;
    if (isSubscribed) subscribers.add(id);
    else subscribers.delete(id);
    if ((before === 0) !== (subscribers.size === 0)) for (const listener of listeners) listener(subscribers.size > 0);
  }

  const channel = realtime.register(definition, (client) => {
    client.onDisconnect(() => {
      setWatched(client.id, false);
    });
    return {
      async subscribe({ after }: { after?: string | undefined }) {
        const [seenEpoch, seenText] = (after ?? ":").split(":");
        const seen = Number(seenText);
        client.join("all");
        setWatched(client.id, true);
        if (seenEpoch === epoch && seen <= last && seen >= last - remembered.length) {
          return {
            cursor: `${epoch}:${last}`,
            events: remembered.slice(remembered.length - (last - seen)),
            skipped: 0,
          };
        }
        // The cursor is read before the snapshot: an event in between is delivered twice rather than lost.
        const cursor = `${epoch}:${last}`;
        const skipped = after === undefined ? 0 : seenEpoch === epoch ? Math.max(0, last - seen) : null;
        return { cursor, snapshot: await snapshot(), events: [], skipped };
      },
      unsubscribe() {
        client.leave("all");
        setWatched(client.id, false);
        return null;
      },
    };
  });

  return {
    publish(event) {
      last += 1;
      remembered.push(event);
      if (remembered.length > keep) remembered.shift();
      channel.emitTo("all", "event", { cursor: `${epoch}:${last}`, event });
    },
    isWatched: () => subscribers.size > 0,
    onWatched: (listener) => {
      listeners.push(listener);
    },
  };
}
