import type { ConnectorView } from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import type { BoundConnector, GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import { secretPlacesOf } from "../../connectors/framework/secret-places.ts";
import { issuesOf } from "../../connectors/framework/prepare-call.ts";
import type { ConnectorRecord, ConnectorsFile, SignInRecord } from "./connector-files.ts";
import { boundRecord, handWritten, isBoundTo, placesToKeep, recordIn } from "./connector-record.ts";

/** Configurations of connectors; secrets go in and never come out, except to the gateway. */
export interface ConfigStore {
  /** For the gateway. */
  readonly configs: GatewayDependencies["configs"];
  view(connector: AnyConnector): Pick<ConnectorView, "config" | "secrets" | "updatedAt">;
  /** What is missing or wrong; empty when the configuration is right. */
  issues(connector: AnyConnector): Promise<{ path: string; message: string }[]>;
  /** Replaces it, except for secrets that are left out. Throws `invalid_request` that names every field that is wrong. */
  put(connector: AnyConnector, config: Record<string, unknown>): Promise<void>;
  setEnabled(connector: AnyConnector, isEnabled: boolean): Promise<void>;
  /** It leads elsewhere than when it was configured or turned on: until somebody looks at it, it is off and has no secrets. */
  isChanged(connector: BoundConnector): boolean;
  /** What is kept of its sign-in; `null` when it leads elsewhere now. */
  signIn(connector: BoundConnector): SignInRecord | null;
  /**
   * Answers what was kept before. `make` gets the newest, and may be asked again when the file was changed meanwhile. Throws `conflict`,
   * and changes nothing, when the connector leads elsewhere by now or is gone: signing in takes a while.
   */
  putSignIn(
    connector: BoundConnector,
    make: (before: SignInRecord | null) => SignInRecord | null,
  ): Promise<SignInRecord | null>;
  /** Whatever comes with this id is a new one. */
  forget(id: string): Promise<void>;
  /** Seals secrets that were written into the file by hand. */
  sealByHand(connectors: readonly AnyConnector[]): Promise<void>;
}

interface Parts {
  store: JsonStore<ConnectorsFile>;
  secrets: SecretBox;
  clock: Clock;
  /** The connector with this id as it is now. */
  present(id: string): BoundConnector | undefined;
}

/** The store over its open file. */
export function createConfigStore({ store, secrets, clock, present }: Parts): ConfigStore {
  /** By the names of what is secret: a field that is none any more must not keep its value. */
  const opened = new WeakMap<ConnectorRecord, Map<string, ReturnType<typeof openRecord>>>();
  const recordOf = (connector: BoundConnector): ConnectorRecord => boundRecord(store.get(), connector);
  const now = (): string => new Date(clock.now()).toISOString();

  async function openRecord(record: ConnectorRecord, names: readonly string[]) {
    const values: Record<string, unknown> = { ...record.config };
    const plain: string[] = [];
    for (const name of names) {
      const stored = record.secrets[name] ?? handWritten(record, name);
      if (stored === null || stored === "") continue;
      const secret = await secrets.open(stored);
      plain.push(secret);
      values[name] = secret;
    }
    return { values, secrets: plain };
  }

  async function open(connector: BoundConnector): ReturnType<typeof openRecord> {
    const record = recordOf(connector);
    const key = JSON.stringify(connector.secrets);
    const ofRecord = opened.get(record) ?? new Map<string, ReturnType<typeof openRecord>>();
    opened.set(record, ofRecord);
    const known = ofRecord.get(key) ?? openRecord(record, connector.secrets);
    ofRecord.set(key, known);
    try {
      return await known;
    } catch (error) {
      ofRecord.delete(key); // the key of the secrets may be put back
      throw error;
    }
  }

  /** From then on the record belongs to the connector as it is. */
  function change(connector: BoundConnector, make: (record: ConnectorRecord) => ConnectorRecord): Promise<void> {
    const { id, binding = null } = connector;
    return store.update((file) => ({
      next: { ...file, connectors: { ...file.connectors, [id]: { ...make(boundRecord(file, connector)), binding } } },
      result: undefined,
    }));
  }

  return {
    configs: {
      setup(connector) {
        const { isEnabled, revision } = recordOf(connector);
        return { isEnabled, revision };
      },
      open,
    },
    view(connector) {
      const { secrets: names } = connector;
      const record = recordOf(connector);
      const described = names.map((name) => [
        name,
        secrets.describe(record.secrets[name] ?? handWritten(record, name)),
      ]);
      return {
        config: Object.fromEntries(Object.entries(record.config).filter(([name]) => !names.includes(name))),
        secrets: Object.fromEntries(described) as ConnectorView["secrets"],
        updatedAt: record.updatedAt,
      };
    },
    async issues(connector) {
      try {
        const parsed = connector.config.safeParse((await open(connector)).values);
        return parsed.success ? [] : issuesOf(parsed.error, "config");
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return [{ path: "config", message: error.message }];
      }
    },
    async put(connector, config) {
      const kept = await open(connector).then(
        ({ values }) => values,
        (): Record<string, unknown> => ({}), // secrets that cannot be opened have to be entered anew
      );
      const plain = checkedConfig(connector, config, kept);
      const secretPlaces = placesToKeep(connector, recordOf(connector), config);
      const sealed = await sealedOf(connector.secrets, config, secrets);
      await change(connector, (record) => ({
        ...record,
        config: plain,
        secrets: { ...record.secrets, ...sealed },
        secretPlaces,
        revision: record.revision + 1,
        updatedAt: now(),
      }));
    },
    setEnabled: (connector, isEnabled) => change(connector, (record) => ({ ...record, isEnabled })),
    isChanged(connector) {
      return isUsed(recordIn(store.get(), connector.id)) && !isBoundTo(recordIn(store.get(), connector.id), connector);
    },
    signIn: (connector) => recordOf(connector).signIn,
    putSignIn(connector, make) {
      const writes = (update: (record: ConnectorRecord) => ConnectorRecord) =>
        change(connector, (record) => {
          const found = present(connector.id);
          if (found === undefined || found.binding !== connector.binding) throw new LeadsElsewhere();
          return update(record);
        });
      return putSignIn(writes, make);
    },
    forget: (id) =>
      store.update((file) => {
        const { [id]: _forgotten, ...connectors } = file.connectors;
        return { next: { ...file, connectors }, result: undefined };
      }),
    async sealByHand(connectors) {
      for (const connector of connectors) {
        const fresh = await sealedByHand(connector.secrets, recordOf(connector), secrets);
        if (Object.keys(fresh).length === 0) continue;
        await change(connector, (current) => ({
          ...current,
          config: Object.fromEntries(Object.entries(current.config).filter(([name]) => !Object.hasOwn(fresh, name))),
          secrets: { ...current.secrets, ...fresh },
          secretPlaces: {
            ...current.secretPlaces,
            ...pick(secretPlacesOf(connector, current.config), Object.keys(fresh)),
          },
        }));
      }
    },
  };
}

/** What is entered anew; `null` for what is removed. */
async function sealedOf(
  names: readonly string[],
  config: Readonly<Record<string, unknown>>,
  secrets: SecretBox,
): Promise<ConnectorRecord["secrets"]> {
  const sealed: ConnectorRecord["secrets"] = {};
  for (const name of names) {
    const value = config[name];
    if (value === undefined) continue;
    sealed[name] = typeof value === "string" && value !== "" ? await secrets.seal(value) : null;
  }
  return sealed;
}

async function sealedByHand(
  names: readonly string[],
  record: ConnectorRecord,
  secrets: SecretBox,
): Promise<ConnectorRecord["secrets"]> {
  const fresh: ConnectorRecord["secrets"] = {};
  for (const name of names) {
    const stored = record.secrets[name] ?? handWritten(record, name);
    if (typeof stored !== "string" || stored === "") continue;
    const sealed = await secrets.sealPlain(stored);
    if (sealed !== record.secrets[name]) fresh[name] = sealed;
  }
  return fresh;
}

function pick<T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function isUsed({ isEnabled, signIn, secrets }: ConnectorRecord): boolean {
  return isEnabled || signIn !== null || Object.values(secrets).some((secret) => secret !== null);
}

/** What was to be written of a sign-in is for nobody any more. */
export class LeadsElsewhere extends AppError {
  constructor() {
    super("conflict", "It was changed meanwhile, and leads elsewhere or is gone", {
      hint: "Look at it, then sign in anew.",
    });
  }
}

async function putSignIn(
  change: (make: (record: ConnectorRecord) => ConnectorRecord) => Promise<void>,
  make: Parameters<ConfigStore["putSignIn"]>[1],
): Promise<SignInRecord | null> {
  let before: SignInRecord | null = null;
  await change((record) => {
    before = record.signIn;
    return { ...record, signIn: make(before) };
  });
  return before;
}

/** What of a new configuration is no secret. Throws `invalid_request` for the whole, with the secrets that are kept. */
function checkedConfig(
  { secrets: names, config: schema }: AnyConnector,
  config: Record<string, unknown>,
  kept: Record<string, unknown>,
): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  const whole: Record<string, unknown> = {};
  for (const name of names) if (config[name] === undefined && kept[name] !== undefined) whole[name] = kept[name];
  for (const [name, value] of Object.entries(config)) {
    if (!names.includes(name)) whole[name] = plain[name] = value;
    else if (value !== null && value !== "") whole[name] = value;
  }
  const parsed = (schema.def.catchall === undefined ? schema.strict() : schema).safeParse(whole);
  const issues = parsed.success ? [] : issuesOf(parsed.error, "body.config");
  const wrong = names.filter((name) => whole[name] !== undefined && typeof whole[name] !== "string");
  issues.push(...wrong.map((name) => ({ path: `body.config.${name}`, message: "must be a text" })));
  if (issues.length === 0) return plain;
  throw new AppError("invalid_request", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues,
  });
}
