import { queryOptions } from "@tanstack/react-query";

import type { CallId } from "../../../contract/index.ts";
import { call, type CallInput, type CallReply } from "./api.ts";

/** Key under which the reply of a call lives in the cache: the same everywhere, so that pages share what they know. */
export function callKey(id: CallId, input?: unknown): readonly unknown[] {
  return input === undefined ? [id] : [id, input];
}

/** Query options of a GET endpoint: `useQuery(callQuery("apps.list"))`. `isKept`: see `last-known.ts`. */
export function callQuery<Id extends CallId>(id: Id, input?: CallInput<Id>, options: { isKept?: boolean } = {}) {
  return queryOptions<CallReply<Id>>({
    queryKey: callKey(id, input),
    queryFn: ({ signal }) => {
      const loose = call as (id: Id, input: unknown, options: { signal: AbortSignal }) => Promise<CallReply<Id>>;
      return loose(id, input, { signal });
    },
    ...(options.isKept === true ? { meta: { isKept: true } } : {}),
  });
}
