import type { RunEventBody, ToolCall } from "../../../contract/features/run-events.ts";
import { failureFromText } from "../failures.ts";
import { list, record, text, textOrNull, type JsonRecord } from "../json-value.ts";
import { toolCall } from "../tool-call.ts";
import { addUsage, count, noUsage } from "../usage.ts";
import type { AgentItem, AgentParser } from "./agent-item.ts";

/** The stream of `codex exec --json`. */
export function createCodexParser(): AgentParser {
  let usage = noUsage;
  /** Texts that were told already, by item: an update carries the whole text again. */
  const told = new Map<string, string>();

  function grown(item: JsonRecord): string {
    const [id, whole] = [text(item["id"]), text(item["text"])];
    const before = told.get(id) ?? "";
    told.set(id, whole);
    return whole.startsWith(before) ? whole.slice(before.length) : whole;
  }

  function itemOf(type: string, item: JsonRecord): AgentItem[] {
    switch (item["type"]) {
      case "agent_message":
        return [{ kind: "text", text: grown(item) }];
      case "reasoning":
        return [{ kind: "reasoning", text: grown(item) }];
      case "todo_list":
        return [planOf(item)];
      case "error":
        return [{ kind: "notice", level: "warning", text: text(item["message"]) }];
      case "command_execution":
      case "file_change":
      case "mcp_tool_call":
      case "web_search":
        return [{ kind: "tool", call: callOf(type, item) }];
      default:
        return [];
    }
  }

  return {
    line(value) {
      const line = record(value);
      const type = text(line["type"]);
      const session = textOrNull(line["thread_id"]);
      if (type === "thread.started") return session === null ? [] : [{ kind: "session", id: session }];
      if (type.startsWith("item.")) return itemOf(type, record(line["item"]));
      if (type === "turn.completed") {
        const tokens = record(line["usage"]);
        usage = addUsage(usage, {
          inputTokens: count(tokens["input_tokens"]),
          outputTokens: count(tokens["output_tokens"]),
          cachedInputTokens: count(tokens["cached_input_tokens"]),
          reasoningTokens: count(tokens["reasoning_output_tokens"]),
          turns: 1,
          costUsd: null,
        });
        return [{ kind: "usage", usage }, { kind: "done" }];
      }
      const message = textOrNull(record(line["error"])["message"]) ?? textOrNull(line["message"]);
      if (type === "turn.failed")
        return [
          { kind: "failed", failure: failureFromText(message ?? "", "crashed"), message: message ?? "The turn failed" },
        ];
      // A lost connection is told again and again while it is tried anew; the end decides.
      if (type === "error" && message !== null) return [{ kind: "notice", level: "warning", text: message }];
      return [];
    },
  };
}

function planOf(item: JsonRecord): Extract<RunEventBody, { kind: "plan" }> {
  const entries = list(item["items"])
    .map(record)
    .map((entry) => ({
      text: text(entry["text"]),
      state: entry["completed"] === true ? ("succeeded" as const) : ("pending" as const),
    }));
  return { kind: "plan", entries };
}

function callOf(type: string, item: JsonRecord): ToolCall {
  const callId = text(item["id"]);
  const state = stateOf(type, item);
  switch (item["type"]) {
    case "command_execution": {
      const input = { command: text(item["command"]) };
      return toolCall({ callId, name: "command", input, state, output: textOrNull(item["aggregated_output"]) });
    }
    case "file_change": {
      const changes = list(item["changes"]).map(record);
      const names = changes.map((change) => text(change["path"])).join(", ");
      return toolCall({ callId, name: "file_change", title: `Edit ${names}`, input: item["changes"], state });
    }
    case "web_search":
      return toolCall({ callId, name: "web_search", title: `Search the web for ${text(item["query"])}`, state });
    default: {
      const name = [text(item["server"]), text(item["tool"])].filter((part) => part !== "").join(": ");
      return toolCall({ callId, name, tool: "other", input: item["arguments"], state, output: item["result"] });
    }
  }
}

function stateOf(type: string, item: JsonRecord): ToolCall["state"] {
  const exit = item["exit_code"];
  if (item["status"] === "declined") return "denied";
  if (item["status"] === "failed" || (typeof exit === "number" && exit !== 0)) return "failed";
  return type === "item.completed" || item["status"] === "completed" ? "succeeded" : "running";
}
