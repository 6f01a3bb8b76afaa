import { outboxEndpoints } from "../../../contract/features/outbox.ts";
import type { Outbox } from "../../connectors/framework/outbox/outbox.ts";
import type { Mount } from "../../http/mount.ts";

/** Mounts the endpoints of the outbox. */
export function mountOutbox(mount: Mount, outbox: Outbox): void {
  mount(
    "outbox",
    outboxEndpoints,
  )({
    list: ({ query }) => outbox.list(query),
    deadLetters: ({ query }) => outbox.list({ ...query, state: "dead" }),
    retry: ({ params }) => outbox.retry(params.id),
    async discard({ params }) {
      await outbox.discard(params.id);
      return { id: params.id };
    },
  });
}
