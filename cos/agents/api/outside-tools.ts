import { jsonSchema, type ToolSet } from "ai";

import type { ToolCall } from "../../../contract/features/run-events.ts";
import type { RunTools } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createMcpLink, type McpLink, type McpMessage } from "../../../lib/mcp-link.ts";
import { whenAvailable } from "../../../lib/when-available.ts";
import type { AttemptSink } from "../attempt.ts";
import { isAllowing, ownOptions } from "../permission-policy.ts";
import { toolCall } from "../tool-call.ts";
import { record, text } from "../json-value.ts";

/** Tools of PortOS for a model that is asked over HTTP. */
export interface OutsideTools {
  tools: ToolSet;
  end(): Promise<void>;
}

interface Options {
  tools: RunTools;
  sink: AttemptSink;
  signal: AbortSignal;
  /** Asks before each call, also those that only look. */
  isAskedAlways: boolean;
}

const protocolVersion = "2025-06-18";
/** How long PortOS may be away between two calls, as during a restart. */
const patienceMs = 30_000;
/** Names of connectors' operations have these in them; what PortOS knows of itself is for programs. */
const betweenNames = "__";

/**
 * Operations of connectors as tools, straight from the gateway: its policy decides and asks, and its records name the run. `null`
 * when there are none, or PortOS cannot be reached: a run that needs none of them is not to fail for it.
 */
export async function openOutsideTools(options: Options): Promise<OutsideTools | null> {
  const caller = createCaller(options.tools, options.signal);
  try {
    await caller.greet();
    const listed = record(await caller.ask("tools/list", {}))["tools"];
    const found = (Array.isArray(listed) ? listed : []).map(record).filter(isOfConnector);
    if (found.length > 0) return { tools: toolSet(found, caller, options), end: () => caller.end() };
  } catch (error) {
    if (options.signal.aborted) throw error;
    const problem = error instanceof AppError ? error.message : "PortOS gave another answer than expected";
    const notice = `Its tools of connectors are missing: ${problem}.`;
    options.sink.event({ kind: "notice", level: "warning", text: notice });
  }
  await caller.end();
  return null;
}

function isOfConnector(tool: Record<string, unknown>): boolean {
  return text(tool["name"]).includes(betweenNames) && record(tool["annotations"])["openWorldHint"] === true;
}

function toolSet(found: Record<string, unknown>[], caller: Caller, { sink, signal, isAskedAlways }: Options): ToolSet {
  return Object.fromEntries(
    found.map((tool) => {
      const name = text(tool["name"]);
      const facts = { name, title: text(tool["title"]), tool: "fetch" as const };
      const execute = async (input: unknown, { toolCallId: callId }: { toolCallId: string }): Promise<string> => {
        const tell = (state: ToolCall["state"], output?: string): void => {
          sink.event({ kind: "tool", call: toolCall({ ...facts, callId, input, state, output }) });
        };
        tell("pending");
        if (isAskedAlways) {
          const call = { ...toolCall({ ...facts, callId, input }), state: "pending" as const };
          const { optionId, reason } = await sink.ask({ call, options: ownOptions, paths: [] });
          if (!isAllowing(ownOptions, optionId)) {
            tell("denied");
            return `It was denied${reason === null ? "" : `: ${reason}`}. Nothing was done.`;
          }
        }
        tell("running");
        try {
          const result = record(await caller.askPatiently("tools/call", { name, arguments: input }));
          const said = textOf(result);
          tell(result["isError"] === true ? "failed" : "succeeded", said);
          return said;
        } catch (error) {
          signal.throwIfAborted();
          const said = error instanceof AppError ? error.message : "It failed";
          tell("failed", said);
          return said;
        }
      };
      const inputSchema = jsonSchema(record(tool["inputSchema"]));
      return [name, { description: `${facts.title}. ${text(tool["description"])}`, inputSchema, execute }];
    }),
  );
}

function textOf(result: Record<string, unknown>): string {
  const content = Array.isArray(result["content"]) ? result["content"].map(record) : [];
  return content
    .filter(({ type }) => type === "text")
    .map((part) => text(part["text"]))
    .join("\n");
}

type Caller = ReturnType<typeof createCaller>;

/** Requests over a link, each with the answer to it. */
function createCaller({ url, token }: RunTools, signal: AbortSignal) {
  let last = 0;
  /** Counts the sessions; `isGreeted` is whether the last one stands. */
  let session = 0;
  let isGreeted = false;
  let greeting: Promise<void> | null = null;
  const answers = new Map<number, McpMessage>();
  const link: McpLink = createMcpLink({
    url,
    token,
    onMessage(message) {
      if (typeof message["id"] === "number" && !("method" in message)) answers.set(message["id"], message);
    },
  });

  async function ask(method: string, params: McpMessage): Promise<unknown> {
    last += 1;
    const id = last;
    await link.send({ jsonrpc: "2.0", id, method, params }, signal);
    const answer = answers.get(id);
    answers.delete(id);
    if (answer === undefined) throw new AppError("upstream_failed", "PortOS gave no answer");
    if (!("error" in answer)) return answer["result"];
    throw new AppError("upstream_failed", text(record(answer["error"])["message"]) || "PortOS refused it");
  }

  /** One greeting for all who want it at once. */
  function greet(): Promise<void> {
    greeting ??= (async () => {
      link.reset();
      isGreeted = false;
      const clientInfo = { name: "PortOS run", version: "1" };
      const greeted = record(await ask("initialize", { protocolVersion, capabilities: {}, clientInfo }));
      link.speak(text(greeted["protocolVersion"]) || protocolVersion);
      await link.send({ jsonrpc: "2.0", method: "notifications/initialized" }, signal);
      session += 1;
      isGreeted = true;
    })().finally(() => {
      greeting = null;
    });
    return greeting;
  }

  async function askInSession(method: string, params: McpMessage): Promise<unknown> {
    if (!isGreeted) await greet();
    const known = session;
    try {
      return await ask(method, params);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error;
      // PortOS was restarted, and what names a session that is gone was not even looked at. Another call may have greeted already.
      if (known === session) await greet();
      return ask(method, params);
    }
  }

  return {
    ask,
    greet,
    /** Waits while PortOS is away, and greets it anew when it was restarted: until then nothing has been done. */
    async askPatiently(method: string, params: McpMessage) {
      let result: unknown;
      const work = async (): Promise<void> => {
        result = await askInSession(method, params);
      };
      await whenAvailable(work, { patienceMs, signal });
      return result;
    },
    end: () => link.end(),
  };
}
