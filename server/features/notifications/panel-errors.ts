import { randomUUID } from "node:crypto";

import { errorsFeed, type PanelError } from "../../../contract/features/notifications.ts";
import type { Clock } from "../../../lib/clock.ts";
import { correlationId } from "../../../lib/correlation.ts";
import { redact } from "../../../lib/redact.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";

const keepErrors = 100;

export interface PanelErrors {
  /** Tells everybody who listens that something of the panel, or something it runs, has failed. */
  report(error: { source: string; message: string; hint?: string; link?: string }): void;
}

/** The `errors` channel: the last hundred failures, then each new one. */
export function createPanelErrors(realtime: Realtime, clock: Clock): PanelErrors {
  const recent: PanelError[] = [];
  const feed = createFeed(realtime, errorsFeed, { snapshot: () => recent.toReversed(), keep: keepErrors });
  return {
    report({ source, message, hint, link }) {
      const error: PanelError = {
        id: randomUUID(),
        at: new Date(clock.now()).toISOString(),
        source,
        message: redact(message).slice(0, 2000),
        hint: hint ?? null,
        correlationId: correlationId() ?? null,
        link: link ?? null,
      };
      recent.push(error);
      if (recent.length > keepErrors) recent.shift();
      feed.publish(error);
    },
  };
}
