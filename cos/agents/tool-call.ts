import type { FileEdit, ToolCall, ToolKind } from "../../contract/features/run-events.ts";
import { readable, record, text } from "./json-value.ts";

const longestText = 64 * 1024;
const longestEditSide = 256 * 1024;
const longestTitle = 300;
const longestId = 200;

const kindsByName: readonly [RegExp, ToolKind][] = [
  [/^(?:read|view|cat|open|read_?(?:many_)?files?|notebookread)$/, "read"],
  [/write|edit|replace|patch|create_?file|notebook|file_change/, "edit"],
  [/delete|remove/, "delete"],
  [/^(?:move|rename)/, "move"],
  [/grep|glob|search(?!.*web)|^ls$|^list|find/, "search"],
  [/bash|shell|command|exec|terminal/, "execute"],
  [/fetch|web|http|browser/, "fetch"],
  [/think|todo|plan/, "think"],
];

/** What a tool of this name does, as far as its name says. */
export function kindOfTool(name: string): ToolKind {
  const plain = name.toLowerCase();
  if (/web/.test(plain)) return "fetch";
  return kindsByName.find(([pattern]) => pattern.test(plain))?.[1] ?? "other";
}

/** One line a person understands, from the name and the arguments of a call. */
export function titleOfCall(name: string, kind: ToolKind, input: unknown): string {
  const fields = record(input);
  const path = text(fields["file_path"] ?? fields["filePath"] ?? fields["path"] ?? fields["absolute_path"]);
  const command = Array.isArray(fields["command"]) ? fields["command"].join(" ") : text(fields["command"]);
  const pattern = text(fields["pattern"] ?? fields["query"]);
  if (kind === "execute" && command !== "") return oneLine(`Run ${command}`);
  if (kind === "read" && path !== "") return oneLine(`Read ${path}`);
  if (kind === "edit" && path !== "") return oneLine(`Edit ${path}`);
  if (kind === "search" && pattern !== "") return oneLine(`Search for ${pattern}`);
  if (kind === "search" && path !== "") return oneLine(`List ${path}`);
  if (kind === "fetch" && text(fields["url"]) !== "") return oneLine(`Fetch ${text(fields["url"])}`);
  return oneLine(name === "" ? "Tool" : name);
}

function oneLine(title: string): string {
  const line = title.replaceAll(/\s+/g, " ").trim();
  return line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line;
}

export interface CallFacts {
  callId: string;
  name: string;
  input?: unknown;
  title?: string;
  tool?: ToolKind;
  state?: ToolCall["state"];
  output?: unknown;
  edits?: FileEdit[];
}

/** A tool call with everything that is too long cut. */
export function toolCall(facts: CallFacts): ToolCall {
  const tool = facts.tool ?? kindOfTool(facts.name);
  return {
    callId: facts.callId.slice(0, longestId),
    title: facts.title ? oneLine(facts.title) : titleOfCall(facts.name, tool, facts.input),
    tool,
    state: facts.state ?? "running",
    input: cut(readable(facts.input)),
    output: cut(readable(facts.output)),
    edits: (facts.edits ?? []).map(cutEdit),
  };
}

function cut(value: string | null): string | null {
  if (value === null || value.length <= longestText) return value;
  return `${value.slice(0, longestText)}\n… (${value.length - longestText} more characters)`;
}

function cutEdit(edit: FileEdit): FileEdit {
  const { before, after } = edit;
  if ((before?.length ?? 0) <= longestEditSide && after.length <= longestEditSide) return edit;
  return {
    ...edit,
    before: before?.slice(0, longestEditSide) ?? null,
    after: after.slice(0, longestEditSide),
    isCut: true,
  };
}
