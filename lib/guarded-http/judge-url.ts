import { isIP } from "node:net";

import { CallFailure } from "./call-failure.ts";
import type { Guard, GuardVerdict, Refusal } from "./guard.ts";
import type { TraceHop } from "./trace.ts";

/**
 * Asks a guard whether a URL may be called, and writes what it said into the hop. Rejects with a `CallFailure` when it may
 * not, when its name has no address, or when the caller gives up.
 */
export async function judgeUrl(
  guard: Guard,
  url: URL,
  { hop, signal, shown }: { hop: TraceHop; signal: AbortSignal; shown?: string },
): Promise<GuardVerdict & { ok: true }> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refused(hop, { code: "scheme", reason: `only http and https are, not ${url.protocol}` }, url);
  if (url.username !== "" || url.password !== "")
    throw refused(
      hop,
      { code: "credentials", reason: "an address must not carry a user name or password" },
      new URL(url.origin),
    );
  const verdict = await unlessAborted(guard.judge(url), signal);
  hop.addresses = verdict.addresses ?? [];
  if (!verdict.ok) {
    const { code = "other", reason, hint } = verdict;
    const refusal: Refusal = { code, reason, ...(hint === undefined ? {} : { hint }) };
    if (verdict.isUnreachable !== true) throw refused(hop, refusal, url, shown);
    hop.failure = reason;
    throw new CallFailure("name_not_found", `No answer: ${reason}`, refusal);
  }
  if (verdict.addresses.length === 0 || verdict.addresses.some((address) => isIP(address) === 0))
    throw refused(hop, { code: "special_address", reason: "it has no checked address" }, url);
  return verdict;
}

function refused(hop: TraceHop, refusal: Refusal, { origin, protocol }: URL, shown?: string): CallFailure {
  hop.refusal = refusal;
  const { reason, hint } = refusal;
  const what = shown ?? (origin === "null" ? protocol : origin);
  return new CallFailure("refused", `${what} must not be called: ${reason}`, {
    refusal,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A resolver cannot be stopped; its answer is simply no longer waited for. */
function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
    void Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => {
        signal.removeEventListener("abort", stop);
      });
  });
}
