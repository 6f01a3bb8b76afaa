import { Readable, Writable } from "node:stream";

import type { GroupChild } from "../../../lib/processes/spawn-group.ts";
import { createLineReader } from "../headless/line-reader.ts";
import { count } from "../usage.ts";
import { record } from "../json-value.ts";

/** Tokens of one turn, as agents tell them with the end of a turn; not part of the stable protocol yet. */
export interface TurnTokens {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  reasoningTokens: number;
}

export interface AcpPipes {
  output: WritableStream<Uint8Array>;
  input: ReadableStream<Uint8Array>;
}

/**
 * The pipes of an agent as streams of messages: lines that are no JSON object (a warning of its runtime) go to `onNoise`
 * instead of breaking the protocol, and token counts are read in passing.
 */
export function acpPipes(
  child: GroupChild,
  { onNoise, onTokens }: { onNoise: (text: string) => void; onTokens: (tokens: TurnTokens) => void },
): AcpPipes {
  const lines = createLineReader();
  const look = (text: string): boolean => {
    if (!text.trimStart().startsWith("{")) {
      if (text.trim() !== "") onNoise(`${text}\n`);
      return false;
    }
    if (text.includes('"usage"')) readTokens(text, onTokens);
    return true;
  };
  async function* messages(): AsyncGenerator<Uint8Array> {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>)
      for (const { text } of lines.push(chunk)) if (look(text)) yield Buffer.from(`${text}\n`);
  }
  return {
    output: Writable.toWeb(child.stdin) as WritableStream<Uint8Array>,
    input: Readable.toWeb(Readable.from(messages(), { objectMode: true })) as ReadableStream<Uint8Array>,
  };
}

function readTokens(text: string, onTokens: (tokens: TurnTokens) => void): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return; // the protocol itself answers what is no JSON
  }
  const result = record(record(message)["result"]);
  const usage = record(result["usage"]);
  if (result["stopReason"] === undefined || usage["inputTokens"] === undefined) return;
  const cached = count(usage["cachedReadTokens"]);
  onTokens({
    inputTokens: count(usage["inputTokens"]) + cached + count(usage["cachedWriteTokens"]),
    outputTokens: count(usage["outputTokens"]),
    cachedInputTokens: cached,
    reasoningTokens: count(usage["thoughtTokens"]),
  });
}
