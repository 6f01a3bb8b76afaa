import type { FailureKind } from "../../contract/features/providers.ts";
import { machineZone } from "../../lib/machine-zone.ts";
import { readLimit } from "../../lib/provider-limits.ts";
import type { AttemptEnd } from "./attempt.ts";

/** Words by which programs and APIs say what went wrong; the first match counts, so the narrower come first. */
const words: readonly [RegExp, FailureKind][] = [
  [
    /insufficient_quota|exceeded your current quota|usage[ _]limit|credit balance is too low|out of credits|billing|payment required|hit your (?:\w+ )?limit|limit (?:will )?reset|(?:hour|daily|weekly|monthly|session|usage) limit|(?<!rate[ _-]?)limit reached|exhausted your|quota (?:exceeded|limit)|(?:daily|weekly|monthly) quota/i,
    "usage-limit",
  ],
  [/rate[ _-]?limit|too many requests|resource[ _]exhausted|\b429\b|slow down/i, "rate-limit"],
  [
    /invalid auth method|not logged in|log ?in (?:first|again)|please (?:run )?\/?login|authentication|unauthori[sz]ed|invalid (?:x-)?api[ -]?key|api[ _]key (?:is )?(?:missing|not set|not valid|required)|missing (?:an )?api key|\b401\b/i,
    "not-logged-in",
  ],
  [
    /model[^.\n]{0,80}(?:not[ _]found|does not exist|not (?:available|supported)|unknown|invalid)|(?:unknown|no such|invalid) model|not[ _]found[^.\n]{0,40}model|providermodelnotfound/i,
    "missing-model",
  ],
  [
    /econn(?:refused|reset|aborted)|enotfound|etimedout|epipe|ehostunreach|enetunreach|fetch failed|socket hang up|network error|connection (?:error|refused|reset|closed|was cut)|nothing listens|dns|terminated/i,
    "transport",
  ],
  [/content[ _]filter|content policy|safety|refus(?:ed|al)|prohibited/i, "refused"],
  [/timed? ?out|timeout|deadline/i, "timeout"],
  [/overloaded|internal server error|bad gateway|service unavailable|\b5(?:00|02|03|04|29)\b/i, "server-error"],
  [
    /invalid[ _]request|bad request|\b400\b|(?:prompt|input) is too long|(?:request|payload|entity|body|image)[^.\n]{0,40}[ _]too[ _]large|\b413\b|context[ _]length/i,
    "bad-request",
  ],
];

/** What a message of a program or API means; `otherwise` when it says nothing known. */
export function failureFromText(text: string, otherwise: FailureKind): FailureKind {
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;
}

/** What an HTTP status with its message means. */
export function failureFromStatus(status: number, text: string): FailureKind {
  if (status === 429) return failureFromText(text, "rate-limit") === "usage-limit" ? "usage-limit" : "rate-limit";
  if (status === 401 || status === 403) return "not-logged-in";
  if (status === 402) return "usage-limit";
  if (status === 404) return "missing-model";
  if (status === 408 || status === 504) return "timeout";
  if (status >= 500) return "server-error";
  const said = failureFromText(text, "bad-request");
  return said === "missing-model" || said === "usage-limit" || said === "not-logged-in" ? said : "bad-request";
}

/** When a limit ends according to what a program or agent said, a time without a zone being one of this machine; a limit that is over soon is one of the rate. */
export function withLimitEnd(end: AttemptEnd, said: string, now: number): AttemptEnd {
  const isLimit = end.failure === "rate-limit" || end.failure === "usage-limit";
  if (!isLimit || end.backAt != null) return end;
  const { kind, backAt } = readLimit({ text: said }, now, machineZone());
  return backAt === null ? end : { ...end, failure: kind, backAt: new Date(backAt).toISOString() };
}

/** The end of what a program said, as one line to be shown. */
export function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-3).join(" ").slice(-500).trim();
}
