import { createDomainRules } from "../../../../../lib/guarded-http/domain-rules.ts";
import { publicGuard } from "../../../../../lib/guarded-http/public-guard.ts";
import { isLoopbackName } from "./is-private-way.ts";
import { keepToOrigins } from "./keep-to-origins.ts";
import { GatewayError } from "../../../framework/gateway-error.ts";
import { openNetwork, type RunParts, type RunSubject } from "../../../framework/run-call.ts";

/** For whom one signs in: the connector, with what it may. */
export interface SignInSubject extends RunSubject {
  /** Whether its sign-in may lie inside there: what a server says about itself opens nothing that the user did not name. */
  mayBeInside(address: URL): boolean;
}

const longestMs = 30_000;
const mostBytes = 1_048_576;

/**
 * A way to exactly these origins, whatever domains the policy allows besides: the user was shown them, and they count for signing in
 * alone; no redirect leads out of them. What the policy blocks stays blocked, and the inside network closed.
 */
export async function signInNetwork<T>(
  subject: SignInSubject,
  parts: RunParts,
  { origins, work }: { origins: readonly string[]; work: (forward: typeof fetch) => Promise<T> },
): Promise<T> {
  const { policy, connector, judge } = subject;
  const insides = origins
    .filter((origin) => subject.mayBeInside(new URL(origin)))
    .map((address) => ({ address, isInside: true }));
  const run: RunSubject = {
    config: subject.config,
    connector: { ...connector, insides: () => insides },
    policy: {
      ...policy,
      insides: [],
      timeoutMs: Math.min(policy.timeoutMs, longestMs),
      maxReplyBytes: Math.min(policy.maxReplyBytes, mostBytes),
    },
    judge: { ...judge, domains: rulesOf(subject) },
  };
  const network = openNetwork(run, { ...parts, isRepeatable: false, isAwaited: true });
  try {
    return await network.run(({ fetch: forward }) => work(keepToOrigins(forward, origins)));
  } finally {
    await network.close();
  }
}

/** Throws for a page that must not be opened: one of this panel, one inside, one on whose way others can read. */
export async function checkPage(
  page: string,
  subject: SignInSubject,
  { ownPorts, resolve }: Pick<RunParts, "ownPorts" | "resolve">,
): Promise<void> {
  const url = new URL(page);
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(url.hostname));
  if (!isSafe || url.username !== "" || url.password !== "")
    throw new GatewayError("refused_by_guard", `Its page for signing in cannot be opened: ${url.origin} is not https`, {
      hint: "Ask whoever runs the server: the page has to be reached over https.",
      isFinal: true,
    });
  const guard = publicGuard({
    ownPorts,
    rules: rulesOf(subject),
    extraPorts: subject.policy.extraPorts,
    targets: subject.mayBeInside(url) ? [{ address: url.origin, isInside: true }] : [],
    ...(resolve === undefined ? {} : { resolve }),
  });
  const verdict = await guard.judge(url);
  if (!verdict.ok)
    throw new GatewayError("refused_by_guard", `Its page for signing in must not be opened: ${verdict.reason}`, {
      hint:
        verdict.hint ??
        "Only what lies on the host of a server inside, or in a place that the policy of the connector names, may be inside.",
      isFinal: true,
    });
}

function rulesOf({ policy }: SignInSubject) {
  return createDomainRules({ allowed: [], blocked: policy.blockedDomains });
}
