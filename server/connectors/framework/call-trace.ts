import type { EvidenceRecord } from "../../../contract/features/evidence.ts";
import { parseUrl } from "../../../lib/parse-url.ts";
import { createTrace, type Trace, type TraceHop } from "../../../lib/guarded-http/trace.ts";

/** What the evidence of a call says about the network. */
export type CallReport = Pick<EvidenceRecord, "addresses" | "redirects" | "tries" | "status" | "bytesOut" | "bytesIn">;

/** Where one call of a connector went, over all its requests. */
export interface CallTrace {
  /** For one try of one request, or one connection. */
  begin(): Trace;
  report(): CallReport;
  /** Where replies came from, those that redirected included. */
  repliedFrom(): string[];
}

const maxAddresses = 100;
const maxRedirects = 20;

/** An empty one. */
export function createCallTrace(): CallTrace {
  const tries: Trace[] = [];
  return {
    begin() {
      const trace = createTrace();
      tries.push(trace);
      return trace;
    },
    repliedFrom: () => tries.flatMap(({ hops }) => hops.filter(({ status }) => status !== null).map(({ url }) => url)),
    report() {
      const hops = tries.flatMap((trace) => trace.hops);
      return {
        addresses: addressesOf(hops).slice(0, maxAddresses),
        redirects: tries.flatMap(redirectsOf).slice(0, maxRedirects),
        tries: tries.filter(({ hops: [first] }) => first !== undefined && first.address !== null).length,
        status: hops.findLast(({ status }) => status !== null)?.status ?? null,
        bytesOut: sum(hops.map(({ sentBytes }) => sentBytes)),
        bytesIn: sum(hops.map(({ receivedBytes }) => receivedBytes)),
      };
    },
  };
}

/** Where the last hop of a try went. */
export function lastOrigin({ hops }: Trace): string | null {
  const url = hops.at(-1)?.url;
  return url === undefined ? null : (parseUrl(url)?.origin ?? null);
}

function addressesOf(hops: readonly TraceHop[]): { host: string; address: string }[] {
  const found = new Map<string, { host: string; address: string }>();
  for (const { url, address } of hops) {
    if (address === null) continue;
    const host = parseUrl(url)?.host ?? url.slice(0, 300);
    found.set(`${host} ${address}`, { host, address });
  }
  return [...found.values()];
}

function redirectsOf({ hops }: Trace): { status: number; to: string }[] {
  return hops.slice(1).flatMap(({ url }, index) => {
    const status = hops[index]?.status ?? null;
    return status === null ? [] : [{ status, to: url.slice(0, 4_000) }];
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
