import { AppError } from "../../../../lib/app-error.ts";
import { signInNetwork, type SignInSubject } from "../../../connectors/custom/mcp/sign-in/sign-in-network.ts";
import type { SignInWork } from "../../../connectors/custom/mcp/sign-in/discover-sign-in.ts";
import type { AnyConnector } from "../../../connectors/framework/define-connector.ts";
import type { GatewayDependencies } from "../../../connectors/framework/gateway-request.ts";
import { GatewayError } from "../../../connectors/framework/gateway-error.ts";
import { judgeMode } from "../../../connectors/framework/policy.ts";
import { issuesOf, policyProblem } from "../../../connectors/framework/prepare-call.ts";
import type { Signed } from "./sign-in-book.ts";
import { lookNames, recordedLook, type Looker } from "../recorded-look.ts";

type TitledSigned = Signed & { title: string };

/** Whom a sign-in is kept for. */
export function signedOf({ connector, address }: Pick<AddressedSubject, "connector" | "address">): TitledSigned {
  const { id, title, secrets, config, binding, secretPlaces } = connector;
  return {
    id,
    title,
    secrets,
    config,
    address,
    ...(binding === undefined ? {} : { binding }),
    ...(secretPlaces === undefined ? {} : { secretPlaces }),
  };
}

/** A subject with the address that tokens are for. */
export type AddressedSubject = SignInSubject & { address: URL };

/** What is done on the way to a sign-in, each with a record of its own in the evidence. */
export interface SignInSteps {
  /** The connector as it is now, on or off. Throws `not_found` for one that is not signed in to on a page, `not_configured`. */
  subject(id: string): Promise<AddressedSubject>;
  /** Whom a sign-in is kept for, whether it may be called now or not; `null` where it leads nowhere. */
  signed(id: string): Promise<TitledSigned | null>;
  /** Of a connector that may not be added yet, with its configuration open. */
  subjectOf(connector: AnyConnector, values: Record<string, unknown>): AddressedSubject;
  /** Several requests, to other origins each. */
  record<T>(
    subject: AddressedSubject,
    step: { name: keyof typeof stepNames; origins: readonly string[]; looker: Looker },
    work: (reach: SignInWork) => Promise<T>,
  ): Promise<T>;
  /** Throws `rate_limited`. */
  takeRoom(id: string): void;
}

const stepNames = {
  look: lookNames.signIn,
  register: lookNames.signInRegister,
  redeem: lookNames.signInRedeem,
  renew: lookNames.signInRenew,
  revoke: lookNames.signInRevoke,
} as const;

/** A client, tokens and the end of them come into being elsewhere; renewing keeps what is there. */
const writing: readonly (keyof typeof stepNames)[] = ["register", "redeem", "revoke"];

const perMinute = 20;

/** Creates them over the gateway's own parts: its mode, policies, guard, breaker and evidence count here, too. */
export function createSignInSteps(dependencies: GatewayDependencies): SignInSteps {
  const { registry, configs, policies, limiter, clock } = dependencies;

  function checkMode(effect: "read" | "write"): void {
    const refusal = judgeMode(dependencies.mode(), effect);
    if (refusal) throw new GatewayError(refusal.code, refusal.reason, { hint: refusal.hint });
  }

  function subjectOf(connector: AnyConnector, values: Record<string, unknown>): AddressedSubject {
    checkMode("read");
    const { id, title } = connector;
    const config = connector.config.safeParse(values);
    if (!config.success)
      throw new GatewayError("not_configured", `${title} is not configured`, {
        hint: "Complete its configuration, then sign in.",
        issues: issuesOf(config.error, "config"),
      });
    const { policy, judge, problem = null } = policies.of(id);
    if (problem !== null) throw policyProblem(title, problem);
    const address = connector.signInAddress?.(config.data);
    if (address === undefined)
      throw new AppError("not_found", `One does not sign in to ${title} on a page`, {
        hint: "Enter what it wants under Configure.",
      });
    const named = [
      ...(connector.insides?.(config.data) ?? []).map((one) => one.address),
      ...policy.insides.map((place) => `${address.protocol}//${place}`),
    ];
    const isInside = named.some((place) => URL.canParse(place) && new URL(place).origin === address.origin);
    const mayBeInside = ({ protocol, host, hostname }: URL): boolean =>
      isInside &&
      (hostname === address.hostname ||
        policy.insides.some(
          (place) => URL.canParse(`${protocol}//${place}`) && new URL(`${protocol}//${place}`).host === host,
        ));
    return { connector, config: config.data, policy, judge, mayBeInside, address };
  }

  return {
    subjectOf,
    async subject(id) {
      const connector = registry.get(id);
      if (!connector) throw new AppError("not_found", "There is no such connector");
      return subjectOf(connector, (await configs.open(connector)).values);
    },
    async signed(id) {
      const connector = registry.get(id);
      if (connector?.signInAddress === undefined) return null;
      const values = await configs.open(connector).then(
        (opened) => opened.values,
        (): Record<string, unknown> => ({}), // a secret that cannot be opened decides no address
      );
      const config = connector.config.safeParse(values);
      return config.success ? signedOf({ connector, address: connector.signInAddress(config.data) }) : null;
    },
    takeRoom(id) {
      const room = limiter.take(`sign-in ${id}`, { perMinute, perDay: null }, clock.now());
      if (!room.ok)
        throw new GatewayError("rate_limited", "Somebody began to sign in too often within a minute", {
          hint: "Wait a minute, then try again.",
        });
    },
    async record(subject, { name, origins, looker }, work) {
      checkMode(writing.includes(name) ? "write" : "read");
      const look = { ...looker, connector: subject.connector.id, operation: stepNames[name], targets: origins };
      let result: { value: Awaited<ReturnType<typeof work>> } | undefined;
      // What comes back are secrets: the record gets nothing of it, not even a hash.
      await recordedLook(look, dependencies, async ({ path, trace }) => {
        const parts = { ...dependencies, path, trace, idempotencyKey: null, signal: looker.signal };
        result = { value: await work((to, reached) => signInNetwork(subject, parts, { origins: to, work: reached })) };
        return { isDone: true };
      });
      return wholeOf(result);
    },
  };
}

function wholeOf<T>(result: { value: T } | undefined): T {
  if (result === undefined) throw new Error("A step ended without a result");
  return result.value;
}
