import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import { labelOf, type Field } from "../../ui/schema-form/schema-fields.ts";
import type { Status } from "../../ui/status.ts";

/** How a connector stands, in the words used everywhere. */
export function statusOf({
  isEnabled,
  isConfigured,
  hasHealth,
  health,
}: Pick<ConnectorStatus, "isEnabled" | "isConfigured" | "hasHealth" | "health">): Status {
  if (!isConfigured) return "not configured";
  if (!isEnabled) return "off";
  // Who cannot be looked at without a call says nothing about the other side.
  if (health === null || !hasHealth) return "on";
  return health.isHealthy ? "up" : "unhealthy";
}

/** What is missing or wrong, in one line: "Server must be given". Fields are named as their form names them, where it is known. */
export function issueText(issues: ConnectorStatus["issues"], fields: readonly Field[] = []): string {
  return issues
    .map(({ path, message }) => {
      const name = path.replace(/^config\.?/, "");
      const label = fields.find((field) => field.name === name)?.label ?? labelOf(name);
      return name === "" ? message : `${label} ${message}`;
    })
    .join("; ");
}

/** "42 calls today, 3 in the last minute" */
export function usedText({ today, lastMinute }: ConnectorStatus["used"]): string {
  if (today === 0) return "not used today";
  const calls = today === 1 ? "1 call today" : `${today.toLocaleString("en")} calls today`;
  return lastMinute === 0 ? calls : `${calls}, ${String(lastMinute)} in the last minute`;
}
