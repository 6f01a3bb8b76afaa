import type { AgentKind } from "../../../contract/features/providers.ts";
import type { OutputPosition } from "../store/event-log.ts";
import type { AgentItem, AgentParser } from "./agent-item.ts";
import { createClaudeParser } from "./claude-parser.ts";
import { createCodexParser } from "./codex-parser.ts";
import { createGeminiParser } from "./gemini-parser.ts";
import { createLineReader, type ReadLine } from "./line-reader.ts";
import { createOpenCodeParser } from "./opencode-parser.ts";

const parsers: Partial<Record<AgentKind, () => AgentParser>> = {
  claude: createClaudeParser,
  cursor: createClaudeParser,
  codex: createCodexParser,
  gemini: createGeminiParser,
  qwen: createGeminiParser,
  opencode: createOpenCodeParser,
};

/** Whether the JSON stream of this program is known. */
export function hasJsonStream(agent: AgentKind): boolean {
  return parsers[agent] !== undefined;
}

/** An item, or a line that was no JSON, with where the output stood after it. */
export type PlacedItem = { item: AgentItem | { kind: "line"; text: string }; position: OutputPosition };

export interface AgentStream {
  push(bytes: Uint8Array): PlacedItem[];
  end(): PlacedItem[];
}

/** Told again it changes nothing; left out, something would not be known. */
function isState({ kind }: PlacedItem["item"]): boolean {
  return kind === "session" || kind === "usage" || kind === "failed" || kind === "done";
}

/**
 * Reads the JSON stream of a program from its first byte on, in whatever pieces it comes. With `after`, what was said up to
 * that position is read but not given out, `onOld` hears of it: so a reader that starts anew goes on where the former one
 * stopped.
 */
export function createAgentStream(
  agent: AgentKind,
  after: OutputPosition | null = null,
  onOld: (item: PlacedItem["item"]) => void = () => undefined,
): AgentStream {
  const create = parsers[agent];
  if (!create) throw new Error(`${agent} has no JSON stream`);
  const parser = create();
  const lines = createLineReader();

  function isNew({ offset, items }: OutputPosition): boolean {
    return after === null || offset > after.offset || (offset === after.offset && items > after.items);
  }

  function read(line: ReadLine): PlacedItem[] {
    const placed = itemsOf(line.text).map((item, at) => ({ item, position: { offset: line.offset, items: at + 1 } }));
    for (const { item, position } of placed) if (!isNew(position)) onOld(item);
    return placed.filter(({ item, position }) => isState(item) || isNew(position));
  }

  function itemsOf(text: string): PlacedItem["item"][] {
    if (text.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return [{ kind: "line", text: `${text}\n` }]; // a warning of its runtime, or half a line at its end
    }
    return parser.line(value);
  }

  return {
    push: (bytes) => lines.push(bytes).flatMap(read),
    end() {
      const rest = lines.end();
      return rest === null ? [] : read(rest);
    },
  };
}
