import type { Pm2HomeName } from "../lib/processes/pm2-types.ts";

export interface ProcessMark {
  key: string;
  kind: "own" | "app" | "other";
  appId: string | null;
}

/** Name of a process that stays the same over restarts, and to whom it belongs. */
export function processMark(process: { home: Pm2HomeName; name: string; namespace: string }): ProcessMark {
  if (process.home === "user") return { key: `user:${process.name}`, kind: "other", appId: null };
  if (process.namespace === "portos") return { key: process.name, kind: "own", appId: null };
  if (process.namespace.startsWith("app:"))
    return { key: process.name, kind: "app", appId: process.namespace.slice("app:".length) };
  return { key: `other:${process.name}`, kind: "other", appId: null };
}
