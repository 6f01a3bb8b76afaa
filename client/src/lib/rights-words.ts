import type { McpArea, McpRights } from "../../../contract/features/mcp.ts";

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

/** Nothing at all. */
export const noRights: McpRights = {
  connectors: [],
  effects: [],
  asksBeforeWrites: true,
  areas: [],
  mayRestartApps: false,
};

/** Everything that only looks. */
export const readingRights: McpRights = {
  connectors: null,
  effects: ["read"],
  asksBeforeWrites: true,
  areas: ["apps", "logs", "runs", "terminals", "browser"],
  mayRestartApps: false,
};

/** What choosing begins with: what runs may when nobody has changed it. */
export const startRights: McpRights = {
  ...readingRights,
  effects: ["read", "write", "destructive"],
  areas: ["apps", "logs"],
};

export type RightsKind = "inherited" | "none" | "reading" | "chosen";

/** Which of the offered choices these rights are. */
export function rightsKind(rights: McpRights | null): RightsKind {
  if (rights === null) return "inherited";
  const { connectors, effects: may, areas: seen, mayRestartApps } = rights;
  if (seen.length === 0 && !mayRestartApps && (may.length === 0 || connectors?.length === 0)) return "none";
  const isAll = connectors === null && seen.length === readingRights.areas.length && !mayRestartApps;
  return isAll && may.length === 1 && may[0] === "read" ? "reading" : "chosen";
}

/** What an agent was lent of PortOS; nothing where nobody wrote it down. */
export function lentText(rights: McpRights | null | undefined): string | null {
  if (rights === undefined) return null;
  return rights === null ? "no tools of PortOS" : `tools: ${rightsText(rights)}`;
}
