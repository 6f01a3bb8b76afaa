import type { FileEdit, ToolCall } from "../../../contract/features/run-events.ts";
import { failureFromStatus, failureFromText } from "../failures.ts";
import { record, text, textOrNull, type JsonRecord } from "../json-value.ts";
import { toolCall } from "../tool-call.ts";
import { addUsage, count, noUsage } from "../usage.ts";
import type { AgentItem, AgentParser } from "./agent-item.ts";

/** The stream of `opencode run --format json`; it has no last line of its own: the end of the program is the end. */
export function createOpenCodeParser(): AgentParser {
  let usage = noUsage;
  let sessionId: string | null = null;

  function items(line: JsonRecord): AgentItem[] {
    const part = record(line["part"]);
    switch (line["type"]) {
      case "text":
        return [{ kind: "text", text: text(part["text"]) }];
      case "reasoning":
        return [{ kind: "reasoning", text: text(part["text"]) }];
      case "tool_use":
        return [{ kind: "tool", call: callOf(part) }];
      case "step_finish": {
        const tokens = record(part["tokens"]);
        const cache = record(tokens["cache"]);
        const reasoning = count(tokens["reasoning"]);
        usage = addUsage(usage, {
          inputTokens: count(tokens["input"]) + count(cache["read"]) + count(cache["write"]),
          outputTokens: count(tokens["output"]) + reasoning,
          cachedInputTokens: count(cache["read"]),
          reasoningTokens: reasoning,
          turns: 1,
          costUsd: typeof part["cost"] === "number" && part["cost"] > 0 ? part["cost"] : null,
        });
        return [{ kind: "usage", usage }];
      }
      case "error": {
        const error = record(line["error"]);
        const data = record(error["data"]);
        const message = textOrNull(data["message"]) ?? textOrNull(error["message"]) ?? text(error["name"]);
        const status = data["statusCode"];
        const said = `${text(error["name"])} ${message}`;
        const failure = typeof status === "number" ? failureFromStatus(status, said) : failureFromText(said, "crashed");
        return [{ kind: "failed", failure, message }];
      }
      default:
        return [];
    }
  }

  return {
    line(value) {
      const line = record(value);
      const id = textOrNull(line["sessionID"]);
      const isNew = id !== null && id !== sessionId;
      if (isNew) sessionId = id;
      return isNew ? [{ kind: "session", id }, ...items(line)] : items(line);
    },
  };
}

function callOf(part: JsonRecord): ToolCall {
  const state = record(part["state"]);
  const [callId, name, input] = [text(part["callID"]), text(part["tool"]), state["input"]];
  const output = textOrNull(state["output"]) ?? textOrNull(state["error"]);
  const isDenied = /reject|denied|permission/i.test(text(state["error"]));
  const told = text(state["status"]);
  const done = told === "completed" ? "succeeded" : told === "error" ? (isDenied ? "denied" : "failed") : "running";
  return toolCall({ callId, name, input, state: done, output, edits: editsOf(name, record(input), state) });
}

function editsOf(name: string, input: JsonRecord, state: JsonRecord): FileEdit[] {
  const path = text(input["filePath"]);
  if (path === "" || state["status"] !== "completed") return [];
  const diff = record(record(state["metadata"])["filediff"]);
  if (typeof diff["before"] === "string" && typeof diff["after"] === "string")
    return [{ path, before: diff["before"], after: diff["after"], isCut: false }];
  if (name === "write") return [{ path, before: null, after: text(input["content"]), isCut: false }];
  if (name === "edit")
    return [{ path, before: text(input["oldString"]), after: text(input["newString"]), isCut: true }];
  return [];
}
