import type { OutsideCaller } from "../../../contract/features/evidence.ts";
import { createCallPath, type CallPath } from "../../connectors/framework/call-path.ts";
import { intentOf, recordOf, type CallNotes } from "../../connectors/framework/call-record.ts";
import { createCallTrace, type CallTrace } from "../../connectors/framework/call-trace.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import { judgeMode } from "../../connectors/framework/policy.ts";
import { policyProblem } from "../../connectors/framework/prepare-call.ts";
import type { RunSubject } from "../../connectors/framework/run-call.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";

/** Names under which looks stand in the evidence; no operation has them. */
export const lookNames = {
  health: "look: health",
  doctor: "look: way",
  signIn: "sign-in: look",
  signInRegister: "sign-in: register",
  signInRedeem: "sign-in: token",
  signInRenew: "sign-in: renew",
  signInRevoke: "sign-in: revoke",
} as const;
/** Looks have a limit of their own, so that they take nothing from calls; no id has a space in it. */
const looksPerMinute = 20;
const looks = new Set<string>(Object.values(lookNames));

/** Whether a record is of a look and not of a call somebody asked for: it counts towards no limit of the policy. */
export function isLook({ operation }: { operation: string }): boolean {
  return looks.has(operation);
}

/** Who looks. */
export interface Looker {
  caller: OutsideCaller;
  correlationId: string;
  signal: AbortSignal;
}

interface Look extends Looker {
  connector: string;
  operation: string;
  targets: readonly string[];
}

/** Looks at something outside with a record of it, as of every call: nothing leaves before it is written down that it does. */
export async function recordedLook<T>(
  { targets, ...request }: Look,
  { evidence, clock, logger }: Pick<GatewayDependencies, "evidence" | "clock" | "logger">,
  work: (parts: { path: CallPath; trace: CallTrace }) => Promise<T>,
): Promise<{ value: T; evidenceId: string }> {
  const path = createCallPath(clock);
  const trace = createCallTrace();
  const startedAt = clock.monotonic();
  const notes: CallNotes = {
    id: evidence.newId(),
    at: new Date(clock.now()).toISOString(),
    request: { ...request, params: {} },
    delivery: null,
    path,
    trace,
    effect: "read",
    call: null,
    approval: null,
    intent: null,
    ranFrom: startedAt,
  };
  const withTargets = { targets: targets.map((target) => target.slice(0, 2_000)) };
  await evidence.begin({ ...intentOf(notes), ...withTargets });
  const end = async (error: unknown, output: unknown): Promise<void> => {
    const failure = error === null ? null : toGatewayError(error);
    const record = recordOf(notes, { error: failure, output, durationMs: clock.monotonic() - startedAt });
    try {
      await evidence.append({ ...record, ...withTargets });
    } catch (problem) {
      logger.error("What became of a look could not be written yet", { id: notes.id }, problem); // kept and tried again
    }
  };
  try {
    const value = await work({ path, trace });
    await end(null, value);
    return { value, evidenceId: notes.id };
  } catch (error) {
    await end(error, null);
    const failure = toGatewayError(error);
    failure.evidenceId = notes.id;
    throw failure;
  }
}

/** What may be looked at, and by whom: what a call could use. Throws what a call would, and `rate_limited` for too many looks. */
export async function lookSubject(
  connector: AnyConnector,
  dependencies: GatewayDependencies,
  { caller }: Pick<Looker, "caller">,
): Promise<RunSubject> {
  const { id, title } = connector;
  const { configs, policies, limiter, clock } = dependencies;
  const refusal = judgeMode(dependencies.mode(), "read");
  if (refusal) throw new GatewayError(refusal.code, refusal.reason, { hint: refusal.hint });
  if (!configs.setup(connector).isEnabled)
    throw new GatewayError("disabled", `${title} is turned off`, { hint: "Turn it on, then look again." });
  const { values } = await configs.open(connector);
  const config = connector.config.safeParse(values);
  if (!config.success)
    throw new GatewayError("not_configured", `${title} is not configured`, { hint: "Complete its configuration." });
  const { policy, judge, problem = null } = policies.of(id);
  if (problem !== null) throw policyProblem(title, problem);
  if (!policy.callers.includes(caller.kind))
    throw new GatewayError(
      "refused_by_policy",
      `The policy of ${title} lets nobody of this kind call: ${caller.kind}`,
      {
        hint: `Let them call in the policy of ${title}.`,
        isFinal: true,
      },
    );
  const room = limiter.take(`look ${id}`, { perMinute: looksPerMinute, perDay: null }, clock.now());
  if (!room.ok)
    throw new GatewayError("rate_limited", `${title} was looked at ${room.used} times within a minute`, {
      hint: "Wait a minute, then look again.",
      askedMs: Math.max(0, room.retryAtMs - clock.now()),
    });
  return { connector, config: config.data, policy, judge };
}
