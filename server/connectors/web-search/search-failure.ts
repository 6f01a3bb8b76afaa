import { rateLimitReset, retryAfterTime } from "../../../lib/retry-after.ts";
import type { GatewayCode } from "../../../contract/features/connectors.ts";
import type { ConnectorReply } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { toGatewayError } from "../framework/to-gateway-error.ts";

/** Ways in which asking somebody can be in vain, and whether the next one is asked then. */
export const fallbacks = {
  /** It has no such option. */
  cannot: { fallsBack: true, code: "invalid_params", hint: "Ask without this option, or somebody else." },
  key_refused: { fallsBack: true, code: "upstream_failed", hint: "Check its key in the configuration." },
  used_up: { fallsBack: true, code: "upstream_failed", hint: "Wait, or look at what its plan allows." },
  blocked: { fallsBack: true, code: "upstream_failed", hint: "Try again later, or set up another one." },
  unreachable: { fallsBack: true, code: "upstream_failed", hint: "Check its address, and whether it is up." },
  timeout: { fallsBack: true, code: "timeout", hint: "Try again later, or allow more time in the configuration." },
  failed: { fallsBack: true, code: "upstream_failed", hint: "It has a problem; try again later." },
  unreadable: {
    fallsBack: true,
    code: "reply_invalid",
    hint: "Check its address; it may have changed how it answers.",
  },
  /** Who else would be asked gets the same words. */
  query_refused: { fallsBack: false, code: "invalid_params", hint: "Correct the search and try again." },
  /** What the user's rules refuse is not gone around. */
  refused_by_rules: {
    fallsBack: false,
    code: "refused_by_guard",
    hint: "Allow it in the policy, or take it out of the order.",
  },
  cancelled: { fallsBack: false, code: "cancelled", hint: "Call again if it is still wanted." },
} as const satisfies Record<string, { fallsBack: boolean; code: GatewayCode; hint: string }>;

export type SearchFailureKind = keyof typeof fallbacks;

/** Asking somebody was in vain. */
export class SearchFailure extends GatewayError {
  readonly kind: SearchFailureKind;

  constructor(
    kind: SearchFailureKind,
    message: string,
    { hint, askedMs = null, cause }: { hint?: string | undefined; askedMs?: number | null; cause?: unknown } = {},
  ) {
    const usual = fallbacks[kind];
    super(usual.code, message, { hint: hint ?? usual.hint, askedMs, cause });
    this.kind = kind;
  }
}

const kindOfCode: Partial<Record<GatewayCode, SearchFailureKind>> = {
  timeout: "timeout",
  cancelled: "cancelled",
  refused_by_guard: "refused_by_rules",
  refused_by_policy: "refused_by_rules",
  offline: "refused_by_rules",
  too_large: "unreadable",
  reply_invalid: "unreadable",
  circuit_open: "unreachable",
  upstream_failed: "unreachable",
};

/** Anything that went wrong while `title` was asked. */
export function toSearchFailure(error: unknown, title: string): SearchFailure {
  if (error instanceof SearchFailure) return error;
  const { gatewayCode, message, hint, askedMs } = toGatewayError(error);
  const kind = kindOfCode[gatewayCode] ?? "failed";
  return new SearchFailure(kind, `${title}: ${message}`, { hint, askedMs, cause: error });
}

/** What a status of 300 and more means, unless whoever answers with it means something else. */
export function statusFailure(reply: ConnectorReply, title: string, nowMs: number, said = ""): SearchFailure {
  const { status, headers } = reply;
  const at = retryAfterTime(headers, nowMs) ?? rateLimitReset(headers, nowMs);
  const words = said === "" ? "" : `: ${said.slice(0, 300)}`;
  return new SearchFailure(kindOfStatus(status), `${title} answered ${status}${words}`, {
    askedMs: at === null ? null : Math.max(0, at - nowMs),
  });
}

function kindOfStatus(status: number): SearchFailureKind {
  if (status === 401 || status === 403) return "key_refused";
  if ([402, 429, 432, 433].includes(status)) return "used_up";
  if (status === 400 || status === 422) return "query_refused";
  if (status === 408) return "timeout";
  return status >= 500 ? "failed" : "unreadable";
}
