import { createHash } from "node:crypto";

import type { Effect } from "../../../../contract/features/connectors.ts";
import {
  mcpToolFactsSchema,
  type McpConnector,
  type McpTool,
  type McpToolFacts,
  type McpToolView,
} from "../../../../contract/features/mcp-connectors.ts";
import { canonicalJson } from "../../../../lib/canonical-json.ts";
import { freeName, operationNameOf } from "../operation-name.ts";

/** What of a tool's description is looked at; the rest is the business of others. */
export interface DescribedTool {
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputSchema: unknown;
  annotations?:
    | {
        title?: string | undefined;
        readOnlyHint?: boolean | undefined;
        destructiveHint?: boolean | undefined;
        idempotentHint?: boolean | undefined;
      }
    | undefined;
}

/** The name that shows what a server offers just now. */
export const listOperation = "list-tools";

const longestTitle = 200;
const longestDescription = 20_000;

/** A tool as it is described, with the hash that tells changes; `null` for one that cannot be used, such as one without a name. */
export function factsOf({ name, title, description, inputSchema, annotations }: DescribedTool): McpToolFacts | null {
  const facts = {
    tool: name,
    // What is beyond this is told to nobody, so it may change.
    title: (title ?? annotations?.title ?? "").slice(0, longestTitle),
    description: (description ?? "").slice(0, longestDescription),
    input: inputSchema,
    hints: {
      isReadOnly: annotations?.readOnlyHint ?? null,
      isDestructive: annotations?.destructiveHint ?? null,
      isIdempotent: annotations?.idempotentHint ?? null,
    },
  };
  const parsed = mcpToolFactsSchema.safeParse({ ...facts, hash: hashOf(facts) });
  return parsed.success ? parsed.data : null;
}

function hashOf(facts: object): string {
  return createHash("sha256").update(canonicalJson(facts)).digest("hex");
}

/** Whether the hash is that of the rest. */
export function isWhole({ hash, ...facts }: McpToolFacts): boolean {
  return hashOf(facts) === hash;
}

/** What a tool does, by what its server says about it: what is not said to read may write. */
export function effectOf({ hints }: Pick<McpToolFacts, "hints">): Effect {
  if (hints.isReadOnly === true) return "read";
  return hints.isDestructive === true ? "destructive" : "write";
}

/** What was accepted beside what is offered; `offered` is `null` when nobody has looked yet. */
export function compareTools(accepted: McpConnector["tools"], offered: readonly McpToolFacts[] | null): McpToolView[] {
  const now = new Map((offered ?? []).map((facts) => [facts.tool, facts]));
  const known = new Set(accepted.map(({ tool }) => tool));
  const kept = accepted.map((tool): McpToolView => {
    const facts = now.get(tool.tool) ?? null;
    const base = { tool: tool.tool, offered: facts, accepted: tool, suggestedEffect: effectOf(facts ?? tool) };
    if (facts === null) return { ...base, state: offered === null ? "accepted" : "gone", changes: [] };
    if (facts.hash === tool.hash) return { ...base, state: "accepted", changes: [] };
    return { ...base, state: "changed", changes: changesOf(tool, facts) };
  });
  const added = [...now.values()]
    .filter(({ tool }) => !known.has(tool))
    .map((facts): McpToolView => ({
      tool: facts.tool,
      state: "new",
      offered: facts,
      accepted: null,
      suggestedEffect: effectOf(facts),
      changes: [],
    }));
  return [...kept, ...added];
}

function changesOf(before: McpToolFacts, after: McpToolFacts): McpToolView["changes"] {
  const parts = ["title", "description", "input", "hints"] as const;
  return parts.filter((part) => canonicalJson(before[part]) !== canonicalJson(after[part]));
}

/** The tools with these accepted as they are offered, and without those dropped. What was accepted before keeps its name. */
export function acceptTools(
  accepted: readonly McpTool[],
  taken: readonly { facts: McpToolFacts; effect: Effect; isToPeople: boolean }[],
  dropped: readonly string[],
): McpTool[] {
  const gone = new Set([...dropped, ...taken.map(({ facts }) => facts.tool)]);
  const names = new Map(accepted.map(({ tool, name }) => [tool, name]));
  const kept = accepted.filter(({ tool }) => !gone.has(tool));
  const used = new Set([listOperation, ...kept.map(({ name }) => name)]);
  const fresh = taken.map(({ facts, effect, isToPeople }): McpTool => {
    const name = freeName(names.get(facts.tool) ?? operationNameOf(facts.tool, "tool"), used);
    return { ...facts, name, effect, isToPeople };
  });
  return [...kept, ...fresh].toSorted((a, b) => (a.tool < b.tool ? -1 : 1));
}
