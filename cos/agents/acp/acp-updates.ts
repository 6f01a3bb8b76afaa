import type {
  ContentBlock,
  PermissionOption,
  SessionUpdate,
  ToolCallContent,
  ToolCallUpdate,
} from "@agentclientprotocol/sdk";

import type { FileEdit, PermissionRequest, ToolCall, ToolKind } from "../../../contract/features/run-events.ts";
import type { AttemptSink } from "../attempt.ts";
import { readable } from "../json-value.ts";
import { toolCall } from "../tool-call.ts";

const states = { pending: "pending", in_progress: "running", completed: "succeeded", failed: "failed" } as const;
const kinds: ReadonlySet<string> = new Set<ToolKind>([
  "read",
  "edit",
  "delete",
  "move",
  "search",
  "execute",
  "think",
  "fetch",
  "other",
]);

export interface AcpUpdates {
  /** Takes one update in and tells it. */
  take(update: SessionUpdate): void;
  /** A call as it is now, with what a question adds to it. */
  callOf(update: ToolCallUpdate): ToolCall;
  /** Files a call touches, as told. */
  pathsOf(callId: string): string[];
  /** `reason`: why, as far as somebody has said. */
  deny(callId: string, reason: string | null): void;
  /** What the agent said its work costs, US dollars. */
  readonly costUsd: number | null;
}

/** Turns the updates of one session into events; keeps each tool call whole, because updates carry changes only. */
export function createAcpUpdates(sink: AttemptSink, outputOf: (terminalId: string) => string): AcpUpdates {
  const calls = new Map<string, ToolCallUpdate>();
  const denied = new Map<string, string | null>();
  let costUsd: number | null = null;
  let mode: string | null = null;

  function merge(update: ToolCallUpdate): ToolCall {
    const known = calls.get(update.toolCallId);
    const given = Object.entries(update).filter(([, value]) => value !== undefined && value !== null);
    const merged: ToolCallUpdate = { ...known, ...Object.fromEntries(given), toolCallId: update.toolCallId };
    calls.set(update.toolCallId, merged);
    return describe(merged);
  }

  function describe(update: ToolCallUpdate): ToolCall {
    const { toolCallId, title, rawInput, rawOutput, content, kind, status } = update;
    const isDenied = denied.has(toolCallId) && status !== "completed";
    const said = outputText(content ?? [], outputOf) || (isDenied && denied.get(toolCallId)) || "";
    const state = isDenied ? "denied" : states[status ?? "pending"];
    return toolCall({
      callId: toolCallId,
      name: update.name ?? title ?? "",
      input: isEmpty(rawInput) ? null : rawInput,
      ...(title ? { title } : {}),
      tool: toolKind(kind),
      state,
      output: said === "" ? readable(rawOutput) : said,
      edits: editsOf(content ?? []),
    });
  }

  return {
    take(update) {
      switch (update.sessionUpdate) {
        case "agent_message_chunk":
          sink.text({ kind: "text", text: blockText(update.content) });
          break;
        case "agent_thought_chunk":
          sink.text({ kind: "reasoning", text: blockText(update.content) });
          break;
        case "tool_call":
        case "tool_call_update":
          sink.event({ kind: "tool", call: merge(update) });
          break;
        case "plan":
          sink.event({
            kind: "plan",
            entries: update.entries.map(({ content, status }) => ({ text: content, state: planStates[status] })),
          });
          break;
        case "current_mode_update":
          if (update.currentModeId !== mode)
            sink.event({ kind: "notice", level: "info", text: `Mode: ${update.currentModeId}` });
          mode = update.currentModeId;
          break;
        case "usage_update":
          if (update.cost?.currency === "USD") costUsd = update.cost.amount;
          break;
        // What only an editor shows.
        case "available_commands_update":
        case "compaction_summary_chunk":
        case "compaction_update":
        case "config_option_update":
        case "notice":
        case "session_info_update":
        case "user_message_chunk":
          break;
      }
    },
    callOf: merge,
    pathsOf: (callId) => (calls.get(callId)?.locations ?? []).map(({ path }) => path),
    deny(callId, reason) {
      denied.set(callId, reason);
      const call = calls.get(callId);
      if (call) sink.event({ kind: "tool", call: describe(call) });
    },
    get costUsd() {
      return costUsd;
    },
  };
}

const planStates = { pending: "pending", in_progress: "running", completed: "succeeded" } as const;

function toolKind(kind: string | null | undefined): ToolKind {
  return kind != null && kinds.has(kind) ? (kind as ToolKind) : "other";
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function blockText(block: ContentBlock): string {
  if (block.type === "text") return block.text;
  if (block.type === "resource_link") return `[${block.name}](${block.uri})`;
  if (block.type === "resource") return "text" in block.resource ? block.resource.text : "";
  return `[${block.type}]`;
}

function outputText(content: readonly ToolCallContent[], outputOf: (terminalId: string) => string): string {
  return content
    .map((part) => {
      if (part.type === "content") return blockText(part.content);
      return part.type === "terminal" ? outputOf(part.terminalId) : "";
    })
    .filter((text) => text !== "")
    .join("\n");
}

function editsOf(content: readonly ToolCallContent[]): FileEdit[] {
  return content.flatMap((part) =>
    part.type === "diff" ? [{ path: part.path, before: part.oldText ?? null, after: part.newText, isCut: false }] : [],
  );
}

const optionKinds = {
  allow_once: "allow-once",
  allow_always: "allow-always",
  reject_once: "deny-once",
  reject_always: "deny-always",
} as const;

/** The choices of a question as the user sees them. */
export function optionsOf(options: readonly PermissionOption[]): PermissionRequest["options"] {
  return options.map(({ optionId, name, kind }) => ({ optionId, name: name.slice(0, 200), kind: optionKinds[kind] }));
}
