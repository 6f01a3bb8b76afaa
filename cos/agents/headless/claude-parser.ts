import type { FileEdit, ToolCall, Usage } from "../../../contract/features/run-events.ts";
import { failureFromStatus, failureFromText } from "../failures.ts";
import { list, record, text, textOrNull, type JsonRecord } from "../json-value.ts";
import { toolCall } from "../tool-call.ts";
import { addUsage, count, noUsage } from "../usage.ts";
import type { AgentItem, AgentParser } from "./agent-item.ts";

/** The stream of `claude -p --output-format stream-json --verbose [--include-partial-messages]`; cursor-agent's is close to it. */
export function createClaudeParser(): AgentParser {
  const calls = new Map<string, { call: ToolCall; name: string; input: unknown }>();
  /** Texts of the present message that came in pieces already. */
  let streamed = { text: false, thinking: false };
  let finished: Usage = noUsage;

  function streamEvent(event: JsonRecord): AgentItem[] {
    if (event["type"] === "message_start") streamed = { text: false, thinking: false };
    if (event["type"] !== "content_block_delta") return [];
    const delta = record(event["delta"]);
    if (delta["type"] === "text_delta") {
      streamed.text = true;
      return [{ kind: "text", text: text(delta["text"]) }];
    }
    if (delta["type"] !== "thinking_delta") return [];
    streamed.thinking = true;
    return [{ kind: "reasoning", text: text(delta["thinking"]) }];
  }

  function assistant(message: JsonRecord, isError: boolean): AgentItem[] {
    const items: AgentItem[] = [];
    for (const block of list(message["content"]).map(record)) {
      if (block["type"] === "text" && !streamed.text && !isError)
        items.push({ kind: "text", text: text(block["text"]) });
      else if (block["type"] === "thinking" && !streamed.thinking)
        items.push({ kind: "reasoning", text: text(block["thinking"]) });
      else if (block["type"] === "tool_use") items.push(started(block));
    }
    return items;
  }

  function started(block: JsonRecord): AgentItem {
    const [callId, name, input] = [text(block["id"]), text(block["name"]), block["input"]];
    const call = toolCall({ callId, name, input, edits: editsOfInput(name, input) });
    calls.set(callId, { call, name, input });
    return { kind: "tool", call };
  }

  function results(message: JsonRecord, told: unknown): AgentItem[] {
    return list(message["content"])
      .map(record)
      .filter((block) => block["type"] === "tool_result")
      .map((block) => {
        const callId = text(block["tool_use_id"]);
        const known = calls.get(callId);
        const state = block["is_error"] === true ? "failed" : "succeeded";
        const output = contentText(block["content"]);
        const edits = state === "succeeded" ? editsOfResult(record(told), known?.call.edits ?? []) : [];
        const call = toolCall({ callId, name: known?.name ?? "", input: known?.input, state, output, edits });
        calls.set(callId, { call, name: known?.name ?? "", input: known?.input });
        return { kind: "tool", call };
      });
  }

  function result(line: JsonRecord): AgentItem[] {
    const tokens = record(line["usage"]);
    const cached = count(tokens["cache_read_input_tokens"]);
    finished = addUsage(finished, {
      inputTokens: count(tokens["input_tokens"]) + count(tokens["cache_creation_input_tokens"]) + cached,
      outputTokens: count(tokens["output_tokens"]),
      cachedInputTokens: cached,
      reasoningTokens: 0,
      turns: count(line["num_turns"]),
      costUsd: null,
    });
    // The cost is a sum over the session as far as this program ran it.
    if (typeof line["total_cost_usd"] === "number") finished = { ...finished, costUsd: line["total_cost_usd"] };
    const items: AgentItem[] = [...denied(list(line["permission_denials"]).map(record))];
    items.push({ kind: "usage", usage: finished });
    const subtype = text(line["subtype"]);
    if (line["is_error"] !== true && (subtype === "success" || subtype === "")) return [...items, { kind: "done" }];
    const message = textOrNull(line["result"]) ?? subtype;
    const status = line["api_error_status"];
    const isBudget = subtype.includes("budget") || subtype.includes("max_turns");
    const failure = isBudget
      ? "budget"
      : typeof status === "number"
        ? failureFromStatus(status, message)
        : failureFromText(message, "crashed");
    return [...items, { kind: "failed", failure, message }];
  }

  function denied(denials: JsonRecord[]): AgentItem[] {
    return denials.flatMap((denial): AgentItem[] => {
      const known = calls.get(text(denial["tool_use_id"]));
      return known ? [{ kind: "tool", call: { ...known.call, state: "denied" } }] : [];
    });
  }

  return {
    line(value) {
      const line = record(value);
      const message = record(line["message"]);
      switch (line["type"]) {
        case "system":
          return systemItems(line);
        case "stream_event":
          return streamEvent(record(line["event"]));
        case "assistant":
          return assistant(message, line["error"] !== undefined);
        case "user":
          streamed = { text: false, thinking: false };
          return results(message, line["tool_use_result"]);
        case "tool_call":
          return cursorCall(line, calls);
        case "result":
          streamed = { text: false, thinking: false };
          return result(line);
        default:
          return [];
      }
    },
  };
}

function systemItems(line: JsonRecord): AgentItem[] {
  const id = textOrNull(line["session_id"]);
  if (line["subtype"] === "init") return id === null ? [] : [{ kind: "session", id }];
  if (line["subtype"] !== "api_retry") return [];
  const what = `Attempt ${count(line["attempt"])} of ${count(line["max_retries"])}`;
  const why = textOrNull(line["error"]) ?? "no reason told";
  return [{ kind: "notice", level: "warning", text: `The model did not answer (${why}). ${what} follows.` }];
}

/** cursor-agent tells calls as `tool_call` with one key per tool: `{ readToolCall: { args, result } }`. */
function cursorCall(
  line: JsonRecord,
  calls: Map<string, { call: ToolCall; name: string; input: unknown }>,
): AgentItem[] {
  const [[key, body] = ["", {}]] = Object.entries(record(line["tool_call"]));
  const name = key.replace(/ToolCall$/, "");
  const { args, result } = record(body);
  const isDone = line["subtype"] === "completed";
  const rejected = record(result)["rejected"] !== undefined;
  const failed = record(result)["error"] !== undefined;
  const state = !isDone ? "running" : rejected ? "denied" : failed ? "failed" : "succeeded";
  const call = toolCall({ callId: text(line["call_id"]), name, input: args, state, output: isDone ? result : null });
  calls.set(call.callId, { call, name, input: args });
  return [{ kind: "tool", call }];
}

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content)
    .map((block) => text(record(block)["text"]))
    .join("\n");
}

function editsOfInput(name: string, input: unknown): FileEdit[] {
  const fields = record(input);
  const path = text(fields["file_path"]);
  if (path === "") return [];
  if (name === "Write") return [{ path, before: null, after: text(fields["content"]), isCut: false }];
  if (name !== "Edit") return [];
  // Only the changed part is told before the call has run.
  return [{ path, before: text(fields["old_string"]), after: text(fields["new_string"]), isCut: true }];
}

function editsOfResult(result: JsonRecord, edits: FileEdit[]): FileEdit[] {
  const before = result["originalFile"];
  if (typeof before !== "string") return edits;
  return edits.map((edit) => {
    if (!edit.isCut) return { ...edit, before };
    const isAll = result["replaceAll"] === true;
    const replacement = (): string => edit.after;
    const search = edit.before ?? "";
    const after = isAll ? before.replaceAll(search, replacement) : before.replace(search, replacement);
    return { ...edit, before, after, isCut: false };
  });
}
