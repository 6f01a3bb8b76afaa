import type { IncomingMessage } from "node:http";

import type { GuestList } from "../contract/features/access.ts";
import type { Callers, Identity } from "./callers.ts";

/** Why somebody is not let in. */
export type GuestRefusal = "list" | "unknown" | "unreachable" | "unproven";

/** The list of who may come in besides this machine. */
export interface Guests {
  /** `null` when the caller may come in; at once where nobody has to be asked. */
  refusal(request: IncomingMessage): GuestRefusal | null | Promise<GuestRefusal | null>;
  /** Calls `listener` after each change of the list; returns how to stop. */
  subscribe(listener: () => void): () => void;
}

/** Judges callers by the list in force; while it is off nobody is asked for a name. */
export function createGuests(options: {
  callers: Pick<Callers, "know">;
  source: { list(): GuestList; subscribe(listener: () => void): () => void };
  /** MagicDNS name of this machine, "" when it has none: short names mean devices of its tailnet. */
  ownName: () => string;
}): Guests {
  const { callers, source, ownName } = options;
  const judge = (identity: Identity): GuestRefusal | null => guestRefusal(source.list(), identity, ownName());
  return {
    refusal(request) {
      if (!source.list().isOn) return null;
      const identity = callers.know(request);
      return identity instanceof Promise ? identity.then(judge) : judge(identity);
    },
    subscribe: (listener) => source.subscribe(listener),
  };
}

/** Whether a list lets somebody in. This machine always may; whoever cannot be named may not. */
export function guestRefusal(list: GuestList, identity: Identity, ownName: string): GuestRefusal | null {
  if (!list.isOn || identity.kind === "local") return null;
  if (identity.kind === "outside") return list.nodes.includes(identity.address.toLowerCase()) ? null : "list";
  if (identity.kind !== "peer") return identity.kind;
  const { login, node, isTagged } = identity.peer;
  if (!isTagged && login !== "" && list.logins.includes(login.toLowerCase())) return null;
  const suffix = ownName.includes(".") ? ownName.slice(ownName.indexOf(".")).toLowerCase() : null;
  const name = node.toLowerCase();
  const isListed = list.nodes.some(
    (entry) => entry === name || (suffix !== null && !entry.includes(".") && `${entry}${suffix}` === name),
  );
  return isListed ? null : "list";
}
