import { isRecord } from "../../ui/schema-form/schema-values.ts";

const names = ["markdown", "content", "text", "answer"];

/** The part of a result that is meant to be read, as Markdown; `null` when it is data. */
export function readableOf(output: unknown): string | null {
  if (typeof output === "string") return output.trim() === "" ? null : output;
  if (!isRecord(output)) return null;
  const hits = listOf(output);
  if (hits !== null) return hits;
  const text = names.map((name) => output[name]).find((one) => typeof one === "string" && one.trim() !== "");
  if (typeof text !== "string") return null;
  const { title } = output;
  // What the page itself begins with is not said twice.
  const isTitled = typeof title === "string" && title !== "" && !text.trimStart().startsWith("# ");
  return isTitled ? `# ${escaped(title)}\n\n${text}` : text;
}

/** Hits and entries: each with a title and an address. */
function listOf(output: Readonly<Record<string, unknown>>): string | null {
  const list = ["results", "hits", "entries", "items"].map((name) => output[name]).find((one) => Array.isArray(one));
  if (!Array.isArray(list) || list.length === 0) return null;
  const rows: unknown[] = list;
  const lines = rows.map((row) => {
    if (!isRecord(row) || typeof row["title"] !== "string") return null;
    const address = row["url"] ?? row["link"];
    const words = row["snippet"] ?? row["summary"] ?? row["description"];
    const head = typeof address === "string" ? `[${escaped(row["title"])}](<${address}>)` : escaped(row["title"]);
    return `- ${head}${typeof words === "string" && words !== "" ? `\n  ${escaped(words).replaceAll("\n", " ")}` : ""}`;
  });
  return lines.some((line) => line === null) ? null : lines.join("\n");
}

/** Signs that would mean something. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#]/g, String.raw`\$&`);
}
