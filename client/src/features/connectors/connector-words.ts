import type { ConnectorStatus, ConnectorUse } from "../../../../contract/features/connectors.ts";
import { labelOf, type Field } from "../../ui/schema-form/schema-fields.ts";
import type { Status } from "../../ui/status.ts";

/** How a connector stands, in the words used everywhere. */
export function statusOf({
  isEnabled,
  isConfigured,
  hasHealth,
  health,
  signIn,
}: Pick<ConnectorStatus, "isEnabled" | "isConfigured" | "hasHealth" | "health" | "signIn">): Status {
  if (!isConfigured) return "not configured";
  if (signIn?.state === "needed") return "needs sign-in";
  if (signIn?.state === "expired") return "sign-in ended";
  if (!isEnabled) return "off";
  // Who cannot be looked at without a call says nothing about the other side.
  if (health === null || health.isHealthy === null || !hasHealth) return "on";
  return health.isHealthy ? "up" : "unhealthy";
}

/** What would no longer work; `null` when nothing would. Rules and tokens without calls do no harm. */
export function usesText(uses: readonly ConnectorUse[], deed: "turn off" | "remove"): string | null {
  const broken = uses.filter(({ isActive, kind }) => isActive && (kind === "automation" || kind === "subscription"));
  if (broken.length === 0) return null;
  const shown = broken.slice(0, 3).map(({ name }) => name);
  const more = broken.length - shown.length;
  const names = more > 0 ? `${shown.join(", ")} and ${String(more)} more` : shown.join(", ");
  const until = deed === "remove" ? "it is back" : "it is on again";
  return broken.length === 1
    ? `${names} uses it and fails until ${until}.`
    : `${names} use it and fail until ${until}.`;
}

/** The list with what has become of one connector; those that are new stand by their title. */
export function withEvent(
  list: readonly ConnectorStatus[],
  event: { kind: "status"; connector: ConnectorStatus } | { kind: "removed"; id: string },
): ConnectorStatus[] {
  if (event.kind === "removed") return list.filter(({ id }) => id !== event.id);
  const { connector } = event;
  if (list.some(({ id }) => id === connector.id)) return list.map((one) => (one.id === connector.id ? connector : one));
  return [...list, connector].toSorted((one, other) => one.title.localeCompare(other.title, "en"));
}

/** What is missing or wrong, in one line: "Server must be given". Fields are named as their form names them, where it is known. */
export function issueText(issues: ConnectorStatus["issues"], fields: readonly Field[] = []): string {
  return issues
    .map(({ path, message, label: told }) => {
      const name = path.replace(/^config\.?/, "");
      const label = fields.find((field) => field.name === name)?.label ?? told ?? labelOf(name);
      return name === "" ? message : `${label} ${message}`;
    })
    .join("; ");
}

/** What became of a sign-out. */
export function signedOutText(
  title: string,
  host: string | null,
  told: "done" | "failed" | "none",
): { text: string; detail?: string } {
  const text = `Signed out of ${title}`;
  const where = host ?? "the other side";
  if (told === "done") return { text, detail: `${where} was told so` };
  if (told === "none") return { text };
  return { text, detail: `${where} could not be told: take PortOS off the list of programs in your account there` };
}

/** "42 calls today, 3 in the last minute" */
export function usedText({ today, lastMinute }: ConnectorStatus["used"]): string {
  if (today === 0) return "not used today";
  const calls = today === 1 ? "1 call today" : `${today.toLocaleString("en")} calls today`;
  return lastMinute === 0 ? calls : `${calls}, ${String(lastMinute)} in the last minute`;
}

/** Whether any tool of an MCP server was accepted: the operation it always has only lists them. */
export function hasTools({ operations }: Pick<ConnectorStatus, "operations">): boolean {
  return operations.length > 1;
}
