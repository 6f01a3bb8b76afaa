import type { McpArea, McpRights } from "../../../../contract/features/mcp.ts";

/** What can be looked at of PortOS itself. */
export const areas: readonly { value: McpArea; label: string }[] = [
  { value: "apps", label: "Apps and how they are" },
  { value: "logs", label: "Logs" },
  { value: "runs", label: "Runs of agents and what they answered" },
  { value: "terminals", label: "Terminals, without typing there" },
  { value: "browser", label: "Pages open in the browser" },
];

const shortAreas: Readonly<Record<McpArea, string>> = {
  apps: "apps",
  logs: "logs",
  runs: "runs",
  terminals: "terminals",
  browser: "browser",
};

/** What calls of connectors may do. */
export const effects: readonly { value: McpRights["effects"][number]; label: string }[] = [
  { value: "read", label: "Look something up" },
  { value: "write", label: "Change something or send it" },
  { value: "destructive", label: "Take something away for good" },
];

/** What a new token may: look, and nothing else. */
export const newRights: McpRights = {
  connectors: null,
  effects: ["read"],
  asksBeforeWrites: true,
  areas: ["apps", "logs", "runs", "terminals", "browser"],
  mayRestartApps: false,
};

/** "Reads every connector · sees apps, logs · restarts apps" */
export function rightsText({
  connectors,
  effects: may,
  asksBeforeWrites,
  areas: seen,
  mayRestartApps,
}: McpRights): string {
  const which =
    connectors === null
      ? "every connector"
      : connectors.length === 1
        ? "1 connector"
        : `${String(connectors.length)} connectors`;
  const writes = may.some((effect) => effect !== "read");
  const calls =
    may.length === 0 || connectors?.length === 0
      ? "calls no connector"
      : writes
        ? `uses ${which}, ${asksBeforeWrites ? "asks before changes" : "asks as policies say"}`
        : `reads through ${which}`;
  const sees =
    seen.length === 0
      ? []
      : [
          `sees ${areas
            .filter(({ value }) => seen.includes(value))
            .map(({ value }) => shortAreas[value])
            .join(", ")}`,
        ];
  return [calls, ...sees, ...(mayRestartApps ? ["restarts apps"] : [])].join(" · ");
}

/** How long a new token counts. */
export const lifetimes: readonly { value: string; label: string; days: number | null }[] = [
  { value: "30", label: "30 days", days: 30 },
  { value: "90", label: "90 days", days: 90 },
  { value: "365", label: "A year", days: 365 },
  { value: "", label: "Until it is revoked", days: null },
];
