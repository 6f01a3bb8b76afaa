import type { DoctorReport, DoctorStep } from "../../../contract/features/connectors.ts";
import { createCircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { AnyConnector, OperationContext } from "../../connectors/framework/define-connector.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import { openNetwork, type RunSubject } from "../../connectors/framework/run-call.ts";
import type { ConnectorService } from "./connector-service.ts";
import { examine } from "./doctor-steps.ts";
import { doctorTargets } from "./doctor-targets.ts";
import { examinePeer, signInOfPeer, unseenPeer } from "./doctor-peer.ts";
import { lookNames, lookSubject, recordedLook, type Looker } from "./recorded-look.ts";

interface Parts {
  dependencies: GatewayDependencies;
  service: Pick<ConnectorService, "check" | "statusOf">;
}

/**
 * Looks at every step of the way to the other side, through the same guard and with a record as a call has. Throws what a call would:
 * `offline`, `disabled`, `not_configured`.
 */
export async function examineConnector(connector: AnyConnector, looker: Looker, parts: Parts): Promise<DoctorReport> {
  const { dependencies } = parts;
  const subject = await lookSubject(connector, dependencies, looker);
  const evidenceIds: string[] = [];
  const targets: DoctorReport["targets"] = [];
  for (const target of await doctorTargets(connector, subject.config)) {
    const { value, evidenceId } = await lookWith(subject, looker, dependencies, [target.name], async (context) => ({
      steps: await examine(target, context, () => dependencies.clock.monotonic()),
    }));
    targets.push({ target: target.name, steps: value.steps });
    evidenceIds.push(evidenceId);
  }
  const peer = await lookAtPeer(subject, looker, parts);
  if (peer !== null) {
    targets.push(peer.target);
    evidenceIds.push(...peer.evidenceIds);
  }
  const known = peer?.signIn ?? null;
  const { step, evidenceId } =
    known === null ? await signIn(connector, looker, parts) : { step: known, evidenceId: null };
  return {
    at: new Date(dependencies.clock.now()).toISOString(),
    targets,
    signIn: step,
    evidenceIds: evidenceId === null ? evidenceIds : [...evidenceIds, evidenceId],
  };
}

/** Asks an MCP server who it is; one that is signed in to on a page only while somebody is. `null` for every other connector. */
async function lookAtPeer(subject: RunSubject, looker: Looker, { dependencies, service }: Parts) {
  const { connector, config } = subject;
  const { peer, id } = connector;
  if (peer === undefined) return null;
  const target = peer.name(config);
  const signInNow = async () => (await service.statusOf(id))?.signIn ?? null;
  const before = await signInNow();
  if (before !== null && before.state !== "active")
    return { target: { target, steps: unseenPeer() }, evidenceIds: [], signIn: signInOfPeer(before, null) };
  const targets = peer.isProgram ? [] : [target];
  const { value, evidenceId } = await lookWith(subject, looker, dependencies, targets, (context) =>
    examinePeer(peer, context, () => dependencies.clock.monotonic()),
  );
  return {
    target: { target, steps: value.steps },
    evidenceIds: [evidenceId],
    // What was asked may have ended the sign-in.
    signIn: peer.isProgram ? null : signInOfPeer(await signInNow(), value),
  };
}

/** Looks at one thing over the network a call would have, with a record of it. */
async function lookWith<T extends { steps: DoctorStep[] }>(
  subject: RunSubject,
  looker: Looker,
  dependencies: GatewayDependencies,
  targets: readonly string[],
  work: (context: OperationContext<Record<string, unknown>>) => Promise<T>,
): Promise<{ value: T; evidenceId: string }> {
  const { clock } = dependencies;
  const look = { ...looker, connector: subject.connector.id, operation: lookNames.doctor, targets };
  const found: T[] = [];
  const { evidenceId } = await recordedLook(look, dependencies, async ({ path, trace }) => {
    const network = openNetwork(subject, {
      ...dependencies,
      // A target that is left alone after failures is just what the doctor is asked about.
      breaker: createCircuitBreaker({ clock }),
      path,
      trace,
      idempotencyKey: null,
      isRepeatable: false,
      isAwaited: true,
      signal: looker.signal,
    });
    try {
      const value = await network.run(work);
      found.push(value);
      for (const { step, verdict, message } of value.steps) path.note(step, verdict, message);
      return value.steps;
    } finally {
      await network.close();
    }
  });
  const [value] = found;
  if (value === undefined) throw new Error("A look that succeeded has found something");
  return { value, evidenceId };
}

async function signIn(connector: AnyConnector, looker: Looker, { dependencies, service }: Parts) {
  const from = dependencies.clock.monotonic();
  const { status, evidenceId } = await service.check(connector.id, looker);
  const ms = Math.max(0, Math.round(dependencies.clock.monotonic() - from));
  const { isHealthy = null, detail = "" } = status.health ?? {};
  const verdict = isHealthy === null ? "skipped" : isHealthy ? "good" : "bad";
  const hint = verdict === "bad" ? "Look at its configuration: address, account and secret." : null;
  const step: DoctorStep = { step: "sign-in", verdict, message: detail, hint, ms };
  return { step, evidenceId };
}
