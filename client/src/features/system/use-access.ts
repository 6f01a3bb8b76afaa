import { useQuery, useQueryClient } from "@tanstack/react-query";

import type { AccessState, GuestList } from "../../../../contract/features/access.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { pinOpenUntil } from "../../lib/step-up.ts";

/** Who may come in and the PIN, with what can be changed about them; every change answers with the state after it. */
export function useAccess() {
  const client = useQueryClient();
  const query = useQuery(callQuery("access.get"));
  const keep = (state: AccessState): AccessState => {
    client.setQueryData(callKey("access.get"), state);
    pinOpenUntil.set(state.pin.openUntil);
    return state;
  };
  return {
    query,
    saveGuests: async (guests: GuestList) => keep(await call("access.saveGuests", { body: guests })),
    setPin: async (pin: string, current: string | null) =>
      keep(await call("access.setPin", { body: { pin, current } })),
    removePin: async (current: string) => keep(await call("access.removePin", { body: { current } })),
    setMinutes: async (minutes: number) => keep(await call("access.setMinutes", { body: { minutes } })),
    lock: async () => keep(await call("access.lock")),
  };
}
export type AccessCalls = ReturnType<typeof useAccess>;
