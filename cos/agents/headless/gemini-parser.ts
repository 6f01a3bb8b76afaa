import { failureFromText } from "../failures.ts";
import { record, text, textOrNull } from "../json-value.ts";
import { toolCall } from "../tool-call.ts";
import { count } from "../usage.ts";
import type { AgentItem, AgentParser } from "./agent-item.ts";

/** The stream of `gemini -o stream-json`; qwen's is the same. */
export function createGeminiParser(): AgentParser {
  const calls = new Map<string, { name: string; input: unknown }>();
  return {
    line(value): AgentItem[] {
      const line = record(value);
      switch (line["type"]) {
        case "init": {
          const id = textOrNull(line["session_id"]);
          return id === null ? [] : [{ kind: "session", id }];
        }
        case "message":
          return line["role"] === "assistant" ? [{ kind: "text", text: text(line["content"]) }] : [];
        case "thought":
          return [{ kind: "reasoning", text: text(line["content"]) }];
        case "tool_use": {
          const [callId, name, input] = [text(line["tool_id"]), text(line["tool_name"]), line["parameters"]];
          calls.set(callId, { name, input });
          return [{ kind: "tool", call: toolCall({ callId, name, input }) }];
        }
        case "tool_result": {
          const callId = text(line["tool_id"]);
          const known = calls.get(callId);
          const output = textOrNull(line["output"]) ?? textOrNull(record(line["error"])["message"]);
          const isDenied = /denied|rejected|not allowed|cancell?ed/i.test(text(record(line["error"])["type"]));
          const state = line["status"] === "success" ? "succeeded" : isDenied ? "denied" : "failed";
          return [{ kind: "tool", call: toolCall({ callId, name: known?.name ?? "", ...known, state, output }) }];
        }
        case "error":
          return [{ kind: "notice", level: line["severity"] === "error" ? "error" : "warning", text: errorText(line) }];
        case "result":
          return result(line);
        default:
          return line["error"] === undefined ? [] : [failed(line)];
      }
    },
  };
}

function result(line: Record<string, unknown>): AgentItem[] {
  const stats = record(line["stats"]);
  const cached = count(stats["cached"]);
  const usage: AgentItem = {
    kind: "usage",
    usage: {
      inputTokens: count(stats["input_tokens"]),
      outputTokens: count(stats["output_tokens"]),
      cachedInputTokens: cached,
      reasoningTokens: 0,
      // One reply after each round of tool calls, and the last one.
      turns: count(stats["tool_calls"]) + 1,
      costUsd: null,
    },
  };
  return line["status"] === "success" ? [usage, { kind: "done" }] : [usage, failed(line)];
}

function failed(line: Record<string, unknown>): AgentItem {
  const message = errorText(line);
  return { kind: "failed", failure: failureFromText(message, "crashed"), message };
}

function errorText(line: Record<string, unknown>): string {
  return textOrNull(record(line["error"])["message"]) ?? textOrNull(line["message"]) ?? "It failed without a message";
}
