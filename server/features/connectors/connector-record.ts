import type { BoundConnector } from "../../connectors/framework/gateway-request.ts";
import { untouched, type ConnectorRecord, type ConnectorsFile } from "./connector-files.ts";

/** Somebody who edits the file may put a secret among the other fields. */
export function handWritten({ config }: ConnectorRecord, name: string): string | null {
  const value = Object.hasOwn(config, name) ? config[name] : null;
  return typeof value === "string" ? value : null;
}

/** Whether it was configured for the connector as it is. */
export function isBoundTo(record: ConnectorRecord, { binding }: BoundConnector): boolean {
  return record.binding === (binding ?? null);
}

/** What of its record holds for the connector as it is: of one that leads elsewhere now, what was neither secret nor allowed. */
export function boundRecord(file: ConnectorsFile, connector: BoundConnector): ConnectorRecord {
  const record = recordIn(file, connector.id);
  if (record === untouched || isBoundTo(record, connector)) return record;
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
