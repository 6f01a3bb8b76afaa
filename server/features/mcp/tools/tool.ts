import { z } from "zod";

import type { McpArea } from "../../../../contract/features/mcp.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { redact, redactValue } from "../../../../lib/redact.ts";
import { fence } from "../../../outside-text.ts";
import type { KnownToken } from "../token-store.ts";

/** Who calls a tool, and how it is told that it takes long. */
export interface ToolCall {
  token: KnownToken;
  /** "this machine", or the name of the device. */
  from: string;
  address: string;
  correlationId: string;
  signal: AbortSignal;
  /** One sentence while it is waited for. */
  progress(message: string): void;
}

/** What a tool gives back, as the protocol has it. */
export interface ToolResult {
  content: ({ type: "text"; text: string } | { type: "image"; data: string; mimeType: string })[];
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** A tool as clients see and call it. */
export interface McpTool {
  name: string;
  title: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: Record<string, unknown>;
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean };
  run(input: Record<string, unknown>, call: ToolCall): Promise<ToolResult>;
}

/** A tool over PortOS itself, shown where its area, or restarting, is allowed. */
export interface OwnTool extends McpTool {
  area: McpArea;
  isRestart: boolean;
}

/** Characters of one reply; a model reads no more at once anyway. */
const mostCharacters = 80_000;

/** Declares a tool of PortOS itself: its arguments are parsed before it runs. */
export function ownTool<Input extends z.ZodObject>(tool: {
  area: McpArea;
  name: string;
  title: string;
  description: string;
  input: Input;
  isRestart?: boolean;
  run(input: z.output<Input>, call: ToolCall): Promise<ToolResult>;
}): OwnTool {
  const { area, name, title, description, input, isRestart = false } = tool;
  let inputSchema: Record<string, unknown> | null = null;
  return {
    area,
    isRestart,
    name,
    title,
    description,
    get inputSchema() {
      inputSchema ??= z.toJSONSchema(input, { io: "input" }) as Record<string, unknown>; // costs time, and few starts need it
      return inputSchema;
    },
    annotations: { readOnlyHint: !isRestart, destructiveHint: false, idempotentHint: !isRestart, openWorldHint: false },
    async run(given, call) {
      const parsed = input.safeParse(given);
      if (parsed.success) return tool.run(parsed.data, call);
      const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "arguments"}: ${message}`);
      return failed("invalid_params", `The arguments are wrong: ${wrong.join("; ")}`, "Correct them and call again.");
    },
  };
}

/** Facts of PortOS itself. */
export function facts(value: unknown): ToolResult {
  return text(JSON.stringify(redactValue(value), null, 2));
}

/** Text that programs or other people have written: fenced, so that it is taken for data. */
export function outside(label: string, lines: readonly string[], marks: { trust?: string } = {}): ToolResult {
  const whole = redact(lines.join("\n"));
  const cut = whole.length > mostCharacters ? `\n(${String(whole.length - mostCharacters)} more characters)` : "";
  return text(fence(label, [whole.slice(0, mostCharacters) + cut], marks));
}

/** What did not work, with what helps. */
export function failed(code: string, message: string, hint?: string, meta: Record<string, unknown> = {}): ToolResult {
  const said = redact([sentences(`${code}: ${message}`), hint].filter((part) => part !== undefined).join("\n"));
  return {
    content: [{ type: "text", text: said }],
    isError: true,
    _meta: { "portos/code": code, ...(hint === undefined ? {} : { "portos/hint": redact(hint) }), ...meta },
  };
}

function text(whole: string): ToolResult {
  const cut = whole.length > mostCharacters;
  const shown = cut ? `${whole.slice(0, mostCharacters)}\n… cut; ask for less at once.` : whole;
  return { content: [{ type: "text", text: shown }] };
}
