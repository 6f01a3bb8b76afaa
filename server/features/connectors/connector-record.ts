import { AppError } from "../../../lib/app-error.ts";
import { secretReferenceSchema } from "../../../lib/secret-box.ts";
import type { BoundConnector } from "../../connectors/framework/gateway-request.ts";
import { secretPlacesOf } from "../../connectors/framework/secret-places.ts";
import { untouched, type ConnectorRecord, type ConnectorsFile } from "./connector-files.ts";

/** Somebody who edits the file may put a secret among the other fields. */
export function handWritten({ config }: ConnectorRecord, name: string): string | null {
  const value = Object.hasOwn(config, name) ? config[name] : null;
  return typeof value === "string" ? value : null;
}

/** Whether it was configured for the connector as it is, and its secrets were entered for where it leads. */
export function isBoundTo(record: ConnectorRecord, connector: BoundConnector): boolean {
  return boundTo(record, connector) === record;
}

/** What of its record holds for the connector as it is: of one that leads elsewhere now, what was neither secret nor allowed. */
export function boundRecord(file: ConnectorsFile, connector: BoundConnector): ConnectorRecord {
  return boundTo(recordIn(file, connector.id), connector);
}

const bound = new WeakMap<ConnectorRecord, WeakMap<BoundConnector, ConnectorRecord>>();

function boundTo(record: ConnectorRecord, connector: BoundConnector): ConnectorRecord {
  if (record === untouched) return record;
  const known = bound.get(record)?.get(connector);
  if (known) return known;
  const made = record.binding === (connector.binding ?? null) ? placed(record, connector) : unbound(record, connector);
  const ofRecord = bound.get(record) ?? new WeakMap<BoundConnector, ConnectorRecord>();
  bound.set(record, ofRecord.set(connector, made));
  return made;
}

/** Somebody who edits the file may lead a connector elsewhere: secrets that were entered for another place do not go there. */
function placed(record: ConnectorRecord, connector: BoundConnector): ConnectorRecord {
  const places = secretPlacesOf(connector, record.config);
  const gone = Object.entries(record.secrets).filter(([name, secret]) => {
    const entered = record.secretPlaces[name];
    if (secret === null || entered === undefined || isJustWritten(secret)) return false;
    return !isWithin(places[name] ?? [], entered);
  });
  if (gone.length === 0) return record;
  const secrets = { ...record.secrets, ...Object.fromEntries(gone.map(([name]) => [name, null])) };
  return { ...record, isEnabled: false, secrets, revision: record.revision + 1 };
}

/**
 * The places each secret holds for once this configuration is stored: those it was entered for, of a new one where it is used now.
 * Throws `invalid_request` that names the secrets which would come to another place and are not entered again.
 */
export function placesToKeep(
  connector: BoundConnector,
  record: ConnectorRecord,
  config: Readonly<Record<string, unknown>>,
): Record<string, string[]> {
  const before = secretPlacesOf(connector, record.config);
  const after = secretPlacesOf(connector, config);
  const kept: Record<string, string[]> = {};
  const issues: { path: string; message: string }[] = [];
  for (const name of connector.secrets) {
    const now = after[name] ?? [];
    const isKept = config[name] === undefined && (record.secrets[name] ?? handWritten(record, name) ?? "") !== "";
    const entered = isKept ? (record.secretPlaces[name] ?? before[name] ?? []) : now;
    kept[name] = entered;
    if (isWithin(now, entered)) continue;
    const others = now.filter((place) => !entered.includes(place)).join(" and ");
    const message = `must be entered again, or removed, because the address has changed: it would be used for ${others} now`;
    issues.push({ path: `body.config.${name}`, message });
  }
  if (issues.length === 0) return kept;
  throw new AppError("invalid_request", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues,
  });
}

/** By hand, and not sealed yet: whoever wrote it saw the address beside it. */
function isJustWritten(secret: ConnectorRecord["secrets"][string]): boolean {
  return typeof secret === "string" && !secretReferenceSchema.safeParse(secret).success;
}

function isWithin(places: readonly string[], entered: readonly string[]): boolean {
  return places.every((place) => entered.includes(place));
}

function unbound(record: ConnectorRecord, connector: BoundConnector): ConnectorRecord {
  const plain = Object.entries(record.config).filter(([name]) => !connector.secrets.includes(name));
  return {
    ...record,
    isEnabled: false,
    config: Object.fromEntries(plain),
    secrets: {},
    signIn: null,
    revision: record.revision + 1,
  };
}

/** As it is stored. */
export function recordIn({ connectors }: ConnectorsFile, id: string): ConnectorRecord {
  return (Object.hasOwn(connectors, id) ? connectors[id] : undefined) ?? untouched;
}
