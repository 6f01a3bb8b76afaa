import type { DoctorReport, DoctorStep } from "../../../contract/features/connectors.ts";
import { createCircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { AnyConnector, OperationContext } from "../../connectors/framework/define-connector.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import { openNetwork, type RunSubject } from "../../connectors/framework/run-call.ts";
import type { ConnectorService } from "./connector-service.ts";
import { examine } from "./doctor-steps.ts";
import { doctorTargets } from "./doctor-targets.ts";
import { examineProgram } from "./doctor-program.ts";
import { lookNames, lookSubject, recordedLook, type Looker } from "./recorded-look.ts";

interface Parts {
  dependencies: GatewayDependencies;
  service: Pick<ConnectorService, "check">;
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
    const { value, evidenceId } = await lookWith(subject, looker, dependencies, [target.name], (context) =>
      examine(target, context, () => dependencies.clock.monotonic()),
    );
    targets.push({ target: target.name, steps: value });
    evidenceIds.push(evidenceId);
  }
  const { program } = connector;
  if (program !== undefined) {
    const { value, evidenceId } = await lookWith(subject, looker, dependencies, [], (context) =>
      examineProgram(program, context, () => dependencies.clock.monotonic()),
    );
    targets.push({ target: program.command, steps: value });
    evidenceIds.push(evidenceId);
  }
  const { step, evidenceId } = await signIn(connector, looker, parts);
  return {
    at: new Date(dependencies.clock.now()).toISOString(),
    targets,
    signIn: step,
    evidenceIds: evidenceId === null ? evidenceIds : [...evidenceIds, evidenceId],
  };
}

/** Looks at one thing over the network a call would have, with a record of it. */
function lookWith(
  subject: RunSubject,
  looker: Looker,
  dependencies: GatewayDependencies,
  targets: readonly string[],
  work: (context: OperationContext<Record<string, unknown>>) => Promise<DoctorStep[]>,
): Promise<{ value: DoctorStep[]; evidenceId: string }> {
  const { clock } = dependencies;
  const look = { ...looker, connector: subject.connector.id, operation: lookNames.doctor, targets };
  return recordedLook(look, dependencies, async ({ path, trace }) => {
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
      const steps = await network.run(work);
      for (const { step, verdict, message } of steps) path.note(step, verdict, message);
      return steps;
    } finally {
      await network.close();
    }
  });
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
