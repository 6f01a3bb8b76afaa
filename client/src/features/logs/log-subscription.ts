import type { ClientPayload, ServerPayload } from "../../../../contract/channel.ts";
import type { LogNotice, LogPage, logsChannel } from "../../../../contract/features/logs.ts";
import { channel } from "../../lib/socket.ts";

export type LinesEvent = ServerPayload<typeof logsChannel, "lines">;

/** A live tail over the one connection of this page; at most one subscription is open at a time. */
export interface LogSubscription {
  /** Ends what is open and subscribes anew. `null` when it was overtaken by another call meanwhile. */
  open(request: ClientPayload<typeof logsChannel, "subscribe">): Promise<LogPage | null>;
  /** Hands over what has arrived, without waiting for the next frame. */
  flush(): void;
  close(): void;
  /** Stops listening for good. */
  stop(): void;
}

/** Lines are handed over once per painted frame, and acknowledged then: a slow page slows its tail, not the server. */
export function createLogSubscription(on: {
  lines(events: LinesEvent[]): void;
  notice(notice: LogNotice): void;
}): LogSubscription {
  const logs = channel("logs");
  let queue: LinesEvent[] = [];
  /** Events that overtook the reply which names their subscription. */
  let early: LinesEvent[] = [];
  let current: string | null = null;
  let attempt = 0;
  let isFlushPlanned = false;

  function receive(event: LinesEvent): void {
    if (current === null) early.push(event);
    if (event.subscription !== current) return;
    queue.push(event);
    if (isFlushPlanned) return;
    isFlushPlanned = true;
    // A hidden page paints no frames, but lines must still be taken, or the server would have to hold them back.
    if (document.hidden) setTimeout(flush, hiddenFlushMs);
    else requestAnimationFrame(flush);
  }

  function flush(): void {
    isFlushPlanned = false;
    const events = queue;
    queue = [];
    const last = events.at(-1);
    if (!last) return;
    on.lines(events);
    forget(logs.emit("acknowledge", { subscription: last.subscription, sequence: last.sequence }));
  }

  function close(): void {
    attempt += 1;
    queue = [];
    early = [];
    if (current !== null) forget(logs.emit("unsubscribe", { subscription: current }));
    current = null;
  }

  const stops = [
    logs.on("lines", receive),
    logs.on("notice", ({ subscription, notice }) => {
      if (subscription === current) on.notice(notice);
    }),
  ];

  return {
    async open(request) {
      close();
      const mine = attempt;
      const { subscription, page } = await logs.emit("subscribe", request);
      if (mine !== attempt) {
        forget(logs.emit("unsubscribe", { subscription }));
        return null;
      }
      current = subscription;
      const waiting = early;
      early = [];
      for (const event of waiting) receive(event);
      return page;
    },
    flush,
    close,
    stop() {
      close();
      for (const stop of stops) stop();
    },
  };
}

const hiddenFlushMs = 250;

/** Neither matters without a connection: the server has ended the subscription itself then. */
function forget(sent: Promise<unknown>): void {
  sent.catch(() => undefined);
}
