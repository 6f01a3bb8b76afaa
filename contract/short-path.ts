import type { ToolKind } from "./features/run-events.ts";
import { visibleText } from "./visible-text.ts";

/** A text without the folder everything in it lies in, where a word begins with it: "Edit /home/ada/blog/src/a.ts" → "Edit src/a.ts". */
export function withoutFolder(text: string, folder: string): string {
  const root = folder.replace(/\/+$/, "");
  if (root === "") return text;
  const literal = root.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  // What is the folder itself stays: without it there would be nothing.
  return text.replace(new RegExp(String.raw`(?<=^|[\s"'\`(])${literal}/(?=[^\s/])`, "g"), "");
}

/** What a call of a tool is called. What is or may be a command is told as it is, or it would read as another one; what nobody would see stands there by its number. */
export function callTitle({ tool, title }: { tool: ToolKind; title: string }, folder: string): string {
  return visibleText(tool === "execute" || tool === "other" ? title : withoutFolder(title, folder));
}
