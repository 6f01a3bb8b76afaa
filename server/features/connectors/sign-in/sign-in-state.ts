import type { SignInState } from "../../../../contract/features/connectors.ts";
import type { AnyConnector } from "../../../connectors/framework/define-connector.ts";
import type { ConfigStore } from "../config-store.ts";
import type { SignInRecord } from "../connector-files.ts";

const nobody: SignInState = { state: "needed", host: null, scope: null, since: null, problem: null };

/** How the sign-in of a connector stands; `null` for one that is not signed in to on a page. */
export async function signInState(connector: AnyConnector, configs: ConfigStore): Promise<SignInState | null> {
  if (connector.signInAddress === undefined) return null;
  const values = await configs.configs.open(connector).then(
    (opened) => opened.values,
    (): Record<string, unknown> => ({}), // what is wrong with it is told as what is wrong with the configuration
  );
  const config = connector.config.safeParse(values);
  return config.success ? stateOf(validRecord(connector, config.data, configs)) : nobody;
}

/** Why nobody can call a connector that the user signs in to; `null` when somebody can. */
export function signInGap(
  connector: AnyConnector,
  config: Record<string, unknown>,
  configs: Pick<ConfigStore, "signIn">,
): string | null {
  if (connector.signInAddress === undefined) return null;
  const { state, problem } = stateOf(validRecord(connector, config, configs));
  if (state === "active") return null;
  if (state === "needed") return `${connector.title} needs you to sign in`;
  return `The sign-in to ${connector.title} has ended: ${problem ?? ""}`;
}

function validRecord(
  connector: AnyConnector,
  config: Record<string, unknown>,
  configs: Pick<ConfigStore, "signIn">,
): SignInRecord | null {
  const record = configs.signIn(connector);
  return record?.address === connector.signInAddress?.(config).href ? record : null;
}

function stateOf(record: SignInRecord | null): SignInState {
  const current = record?.current ?? null;
  if (current === null) return nobody;
  const { place, scope, since, ended, missing } = current;
  const lacks = missing === null ? null : `It asks for more rights${missing === "" ? "" : `: ${missing}`}`;
  const base = { host: new URL(place.authorize).host, scope: scope ?? place.scope, since };
  return ended === null ? { ...base, state: "active", problem: lacks } : { ...base, state: "expired", problem: ended };
}
