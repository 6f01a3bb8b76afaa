import type { AgentKind } from "../contract/features/providers.ts";
import type { RunTarget } from "../contract/internal/runs.ts";
import { isLoopback } from "../lib/loopback.ts";

/** Programs that say themselves what an answer has cost. */
const tellingAgents: ReadonlySet<AgentKind> = new Set(["claude", "opencode"]);

type Api = Pick<Extract<RunTarget, { engine: "api" }>, "engine" | "baseUrl" | "price">;
type Program = Pick<Exclude<RunTarget, { engine: "api" }>, "engine" | "agent" | "price">;

/** Whether it will be known what such an answer costs. */
export function isCostKnown(asked: Api | Program): boolean {
  if (asked.engine === "api") return asked.price !== null || isHere(asked.baseUrl);
  // In a terminal nobody counts the tokens a price is for.
  return asked.engine !== "terminal" && (asked.price !== null || tellingAgents.has(asked.agent));
}

/** A model on this machine costs nothing. */
function isHere(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replaceAll(/^\[|\]$/g, "");
  return host === "localhost" || isLoopback(host);
}
