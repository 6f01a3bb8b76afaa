import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import { errorCode } from "../durable-file.ts";
import type { GuardVerdict, RefusalCode } from "./guard.ts";
import { type AddressKind, addressKind } from "./network-address.ts";

/** Every address of a name; rejects when it has none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** Asks the machine's resolver, so that its hosts file and search domains count as everywhere else. */
export async function resolveName(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

/** Everything but `forbidden`: where an address may lie that somebody has named. */
export const namedKinds: readonly AddressKind[] = ["public", "loopback", "private", "tailnet"];

/**
 * Where the answers for a name may lie when somebody has named it: names that can only mean this machine, this network or
 * the tailnet lead there; any other is public.
 */
export function kindsOfName(host: string): readonly AddressKind[] {
  if (host === "localhost" || host.endsWith(".localhost")) return ["loopback"];
  if (host.endsWith(".ts.net")) return ["tailnet", "loopback"];
  const isOfTheNetwork = !host.includes(".") || /\.(?:local|lan|internal|home\.arpa)$/.test(host);
  return isOfTheNetwork ? ["loopback", "private", "tailnet"] : ["public"];
}

/**
 * Judges a canonical host: an address by where it lies, a name by where every one of its answers lies. What is answered is
 * what may be dialled.
 */
export async function judgeHost(
  host: string,
  { kinds, resolve }: { kinds: readonly AddressKind[]; resolve: ResolveName },
): Promise<GuardVerdict> {
  if (isIP(host) !== 0) {
    const kind = addressKind(host);
    return kinds.includes(kind) ? { ok: true, addresses: [host] } : refusalOf(kind, host, host, kinds);
  }
  let addresses: readonly string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    return notFound(`the name ${host} was not found${codeOf(error)}`);
  }
  if (addresses.length === 0) return notFound(`the name ${host} has no address`);
  for (const address of addresses) {
    const kind = addressKind(address);
    if (!kinds.includes(kind)) return { ...refusalOf(kind, host, address, kinds), addresses };
  }
  return { ok: true, addresses };
}

const places: Record<AddressKind, string> = {
  public: "a public address",
  loopback: "this machine itself",
  private: "a private network",
  tailnet: "the tailnet",
  forbidden: "not an address of a machine that answers",
};
const codes: Record<AddressKind, RefusalCode> = {
  public: "other",
  loopback: "loopback",
  private: "private",
  tailnet: "tailnet",
  forbidden: "special_address",
};

function refusalOf(kind: AddressKind, host: string, address: string, kinds: readonly AddressKind[]) {
  const what = host === address ? `${address} is` : `${host} leads to ${address}, which is`;
  const where = places[kind];
  const isMisled = kind === "public" || kind === "forbidden";
  const reason = kinds.includes("public") || isMisled ? `${what} ${where}` : `${what} not where such a name may lead`;
  const hint =
    kind === "forbidden"
      ? "Such an address is never called; use the one the machine itself answers at."
      : `If it is meant, name exactly ${address.includes(":") ? `[${address}]` : address} and its port in the configuration.`;
  return { ok: false as const, code: codes[kind], reason, hint };
}

function notFound(reason: string): GuardVerdict {
  const hint = "Check how the name is written, and whether this machine is online.";
  return { ok: false, isUnreachable: true, code: "name_not_found", reason, hint };
}

function codeOf(error: unknown): string {
  const code = errorCode(error);
  return code === undefined ? "" : ` (${code})`;
}
