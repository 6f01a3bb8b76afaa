import type { TlsTrust } from "./tls-trust.ts";

/** Why a guard refuses; each has one cause, so that whoever reads it knows what to change. */
export type RefusalCode =
  /** Neither http nor https. */
  | "scheme"
  /** A user name or password stands in the address. */
  | "credentials"
  /** The host is nothing a machine could be called. */
  | "host"
  /** A port that is neither usual nor allowed. */
  | "port"
  /** A port of PortOS itself. */
  | "own_port"
  /** Another origin than the one that is configured. */
  | "origin"
  /** A rule blocks this domain. */
  | "domain_blocked"
  /** There is a list of allowed domains, and it is not in it. */
  | "domain_not_allowed"
  /** This machine, the network at home, the tailnet. */
  | "loopback"
  | "private"
  | "tailnet"
  /** Metadata services, multicast, addresses that stand for other addresses. */
  | "special_address"
  /** The name has no address just now. */
  | "name_not_found"
  /** What a guard of a single purpose does not allow. */
  | "other";

/** What a guard says when it refuses. */
export interface Refusal {
  code: RefusalCode;
  /** Half a sentence that follows "must not be called: ". */
  reason: string;
  /** What the user can do about it, one sentence. */
  hint?: string;
}

/** Which addresses may be dialled for a URL, or why it must not be called. */
export type GuardVerdict =
  | {
      ok: true;
      addresses: readonly string[];
      /** Whom to trust there; the machine's authorities when left out. Holds for this host and port alone. */
      trust?: TlsTrust;
    }
  | (Omit<Refusal, "code"> & {
      ok: false;
      code?: RefusalCode;
      /** Nothing forbids it, its name has no address just now. */
      isUnreachable?: boolean;
      /** What its name was answered with, where it was asked. */
      addresses?: readonly string[];
    });

/** What may be called. Each redirect is judged again, and only the addresses given here are dialled. */
export interface Guard {
  judge(url: URL): GuardVerdict | Promise<GuardVerdict>;
}
