import { trustEndpoints, trustListsSchema, type TrustLists } from "../../../contract/features/trust.ts";
import type { AppContext } from "../../app-context.ts";
import { checkedTrustLists, createTrust, type Trust } from "../../connectors/framework/trust.ts";

/** Opens the lists, mounts their endpoints and answers who asks how far a source is trusted, always by the lists of now. */
export async function buildTrust(context: Pick<AppContext, "openStore" | "mount" | "onStop">): Promise<Trust> {
  const store = await context.openStore<TrustLists>("trust", {
    schema: trustListsSchema,
    initial: trustListsSchema.parse({}),
    version: 1,
  });
  let trust = createTrust(store.get());
  context.onStop(
    store.subscribe((lists) => {
      trust = createTrust(lists);
    }),
  );
  context.mount(
    "trust",
    trustEndpoints,
  )({
    get: () => store.get(),
    put({ body }) {
      const next = checkedTrustLists(body);
      return store.update(() => ({ next, result: next }));
    },
    check: ({ body }) => trust.ofAddress(body.address, body.tier),
  });
  return {
    ofAddress: (address, own) => trust.ofAddress(address, own),
    of: (addresses, own) => trust.of(addresses, own),
  };
}
