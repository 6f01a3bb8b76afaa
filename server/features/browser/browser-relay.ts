import type { BrowserView } from "../../../contract/features/browser.ts";
import { browserProcessEndpoints, type BrowserState } from "../../../contract/internal/browser.ts";
import type { Clock } from "../../../lib/clock.ts";
import { createFollower } from "../../../lib/follow-changes.ts";
import type { InternalClient } from "../../../lib/internal-client.ts";
import type { Logger } from "../../../lib/logger.ts";

export type BrowserProcess = InternalClient<typeof browserProcessEndpoints>;

export interface BrowserRelayOptions {
  process: BrowserProcess;
  onChange(view: BrowserView): void;
  clock: Clock;
  logger: Logger;
}

const answerWithinMs = 5_000;

/** Follows portos-browser and remembers the last state it told, also while it is away. */
export function createBrowserRelay({ process, onChange, clock, logger }: BrowserRelayOptions) {
  let view: BrowserView = { isProcessUp: false, asOf: null, state: null };

  function set(next: BrowserView): void {
    view = next;
    onChange(view);
  }

  function heard(state: BrowserState): void {
    set({ isProcessUp: true, asOf: new Date(clock.now()).toISOString(), state });
  }

  const follower = createFollower({
    ask: (after, waitMs, signal) =>
      process.changes(
        { query: { waitMs, ...(after === undefined ? {} : { after }) } },
        { signal, timeoutMs: waitMs + answerWithinMs },
      ),
    onChange: ({ state }) => {
      heard(state);
    },
    onLost: () => {
      set({ ...view, isProcessUp: false });
    },
    logger,
  });

  return {
    view: (): BrowserView => view,
    /** Takes in what the process answered to a command, ahead of its next report. */
    heard,
    start: (): void => {
      follower.start();
    },
    stop: (): void => {
      follower.stop();
    },
  };
}
