import type { McpRights } from "../../../../contract/features/mcp.ts";

/** What a new token may: look, and nothing else. */
export const newRights: McpRights = {
  connectors: null,
  effects: ["read"],
  asksBeforeWrites: true,
  areas: ["apps", "logs"],
  mayRestartApps: false,
};

/** How long a new token counts. */
export const lifetimes: readonly { value: string; label: string; days: number | null }[] = [
  { value: "30", label: "30 days", days: 30 },
  { value: "90", label: "90 days", days: 90 },
  { value: "365", label: "A year", days: 365 },
  { value: "", label: "Until it is revoked", days: null },
];
