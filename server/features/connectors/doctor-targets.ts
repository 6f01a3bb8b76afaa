import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";

/** A place a connector talks to, whatever it is asked. */
export interface DoctorTarget {
  /** As people see it: "https://api.example.com", "smtps://mail.example.com:465", "mq.example.com:9092". */
  name: string;
  host: string;
  port: number;
  /** Encrypted from the first byte on. */
  isSecure: boolean;
  /** It speaks HTTP; then this is where. */
  origin: string | null;
}

const ports: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "smtp:": 25,
  "smtps:": 465,
  "amqp:": 5672,
  "amqps:": 5671,
  "kafka:": 9092,
};
const secureSchemes = new Set(["https:", "smtps:", "amqps:"]);
/** Ports at which nobody speaks before the connection is encrypted. */
const securePorts = new Set([443, 465, 993, 5671, 9093]);
const mostTargets = 6;

/** Where a connector goes by its configuration alone; empty when each call names its own place. */
export async function doctorTargets(connector: AnyConnector, config: Record<string, unknown>): Promise<DoctorTarget[]> {
  const addresses = (connector.insides?.(config) ?? []).map(({ address }) => address);
  for (const { targets } of Object.values(connector.operations)) {
    try {
      addresses.push(...(await targets({}, config)));
    } catch {
      // It goes where its arguments say.
    }
  }
  const found = new Map<string, DoctorTarget>();
  for (const address of addresses) {
    const target = readTarget(address);
    if (target) found.set(target.name, found.get(target.name) ?? target);
  }
  return [...found.values()].slice(0, mostTargets);
}

/** "https://api.example.com/v1", "mail.example.com:465" */
export function readTarget(address: unknown): DoctorTarget | null {
  if (typeof address !== "string" || address === "") return null;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
  const text = hasScheme ? (parseTarget(address)?.origin ?? "") : `tcp://${address}`;
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port } = new URL(text);
  const number = port === "" ? ports[protocol] : Number(port);
  if (number === undefined || hostname === "") return null;
  const isWeb = protocol === "http:" || protocol === "https:";
  const origin = isWeb ? new URL(text).origin : null;
  return {
    name: origin ?? `${hasScheme ? `${protocol}//` : ""}${hostname}:${number}`,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: number,
    isSecure: secureSchemes.has(protocol) || (!isWeb && securePorts.has(number)),
    origin,
  };
}
