import type { ConnectorView } from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import { issuesOf } from "../../connectors/framework/prepare-call.ts";
import { untouched, type ConnectorRecord, type ConnectorsFile } from "./connector-files.ts";

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
  /** Seals secrets that were written into the file by hand. */
  sealByHand(connectors: readonly AnyConnector[]): Promise<void>;
}

interface Parts {
  store: JsonStore<ConnectorsFile>;
  secrets: SecretBox;
  clock: Clock;
}

/** The store over its open file. */
export function createConfigStore({ store, secrets, clock }: Parts): ConfigStore {
  const opened = new WeakMap<ConnectorRecord, ReturnType<typeof openRecord>>();
  const recordOf = (id: string): ConnectorRecord => recordIn(store.get(), id);
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

  async function open(id: string, names: readonly string[]): ReturnType<typeof openRecord> {
    const record = recordOf(id);
    const known = opened.get(record) ?? openRecord(record, names);
    opened.set(record, known);
    try {
      return await known;
    } catch (error) {
      opened.delete(record); // the key may be put back
      throw error;
    }
  }

  function change(id: string, make: (record: ConnectorRecord) => ConnectorRecord): Promise<void> {
    return store.update((file) => ({
      next: { ...file, connectors: { ...file.connectors, [id]: make(recordIn(file, id)) } },
      result: undefined,
    }));
  }

  return {
    configs: {
      setup(id) {
        const { isEnabled, revision } = recordOf(id);
        return { isEnabled, revision };
      },
      open,
    },
    view({ id, secrets: names }) {
      const record = recordOf(id);
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
        const parsed = connector.config.safeParse((await open(connector.id, connector.secrets)).values);
        return parsed.success ? [] : issuesOf(parsed.error, "config");
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return [{ path: "config", message: error.message }];
      }
    },
    async put(connector, config) {
      const { id, secrets: names } = connector;
      const before = recordOf(id);
      const kept = await open(id, names).then(
        ({ values }) => values,
        (): Record<string, unknown> => ({}), // secrets that cannot be opened have to be entered anew
      );
      const sealed = { ...before.secrets };
      const plain: Record<string, unknown> = {};
      const whole: Record<string, unknown> = {};
      for (const name of names) if (config[name] === undefined && kept[name] !== undefined) whole[name] = kept[name];
      for (const [name, value] of Object.entries(config)) {
        if (!names.includes(name)) whole[name] = plain[name] = value;
        else if (value !== null && value !== "") whole[name] = value;
      }
      const { config: schema } = connector;
      const parsed = (schema.def.catchall === undefined ? schema.strict() : schema).safeParse(whole);
      const issues = parsed.success ? [] : issuesOf(parsed.error, "body.config");
      const wrong = names.filter((name) => whole[name] !== undefined && typeof whole[name] !== "string");
      issues.push(...wrong.map((name) => ({ path: `body.config.${name}`, message: "must be a text" })));
      if (issues.length > 0)
        throw new AppError("invalid_request", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
          issues,
        });
      for (const name of names) {
        const value = config[name];
        if (value === undefined) continue;
        sealed[name] = typeof value === "string" && value !== "" ? await secrets.seal(value) : null;
      }
      await change(id, (record) => ({
        ...record,
        config: plain,
        secrets: { ...record.secrets, ...sealed },
        revision: record.revision + 1,
        updatedAt: now(),
      }));
    },
    setEnabled: ({ id }, isEnabled) => change(id, (record) => ({ ...record, isEnabled })),
    async sealByHand(connectors) {
      for (const { id, secrets: names } of connectors) {
        const record = recordOf(id);
        const fresh: ConnectorRecord["secrets"] = {};
        for (const name of names) {
          const stored = record.secrets[name] ?? handWritten(record, name);
          if (typeof stored !== "string" || stored === "") continue;
          const sealed = await secrets.sealPlain(stored);
          if (sealed !== record.secrets[name]) fresh[name] = sealed;
        }
        if (Object.keys(fresh).length === 0) continue;
        await change(id, (current) => ({
          ...current,
          config: Object.fromEntries(Object.entries(current.config).filter(([name]) => !Object.hasOwn(fresh, name))),
          secrets: { ...current.secrets, ...fresh },
        }));
      }
    },
  };
}

/** Somebody who edits the file may put a secret among the other fields. */
function handWritten({ config }: ConnectorRecord, name: string): string | null {
  const value = Object.hasOwn(config, name) ? config[name] : null;
  return typeof value === "string" ? value : null;
}

function recordIn({ connectors }: ConnectorsFile, id: string): ConnectorRecord {
  return (Object.hasOwn(connectors, id) ? connectors[id] : undefined) ?? untouched;
}
