import { outboxFeed } from "../../../contract/features/outbox.ts";
import type { Outbox } from "../../connectors/framework/outbox/outbox.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";

/** Changes within this time are told together. */
const togetherMs = 200;
const mostAtOnce = 200;

/** Tells the `outbox` feed what changes in the queue. Answers how to stop that. */
export function tellOutbox(outbox: Outbox, realtime: Realtime): () => void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const feed = createFeed(realtime, outboxFeed, { snapshot: () => outbox.state() });

  function tell(): void {
    timer = null;
    const ids = [...changed].slice(-mostAtOnce);
    changed.clear();
    feed.publish({ ...outbox.state(), changed: ids });
  }

  const stopHearing = outbox.onChange((id) => {
    changed.delete(id); // newest last
    changed.add(id);
    timer ??= setTimeout(tell, togetherMs).unref();
  });
  return () => {
    stopHearing();
    if (timer) clearTimeout(timer);
  };
}
