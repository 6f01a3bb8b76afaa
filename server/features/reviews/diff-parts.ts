import { createHash } from "node:crypto";

/** One changed file between two trees. Names and ids as git writes them, one character per byte. */
export interface TreeChange {
  status: "added" | "changed" | "deleted" | "moved";
  rawPath: string;
  /** Where it was before; the same as `rawPath` unless it was moved. */
  rawFormerPath: string;
  oldMode: string;
  newMode: string;
  oldId: string;
  newId: string;
  added: number;
  removed: number;
  isBinary: boolean;
}

/** One run of changed lines; lines as in the patch, one character per byte. */
export interface PatchHunk {
  oldStart: number;
  oldCount: number;
  newStart: number;
  newCount: number;
  heading: string;
  lines: string[];
}

const statuses: Record<string, TreeChange["status"]> = { A: "added", D: "deleted", R: "moved" };

/** Text of bytes that came as one character each; what is no UTF-8 becomes replacement characters. */
export function readable(raw: string): string {
  return Buffer.from(raw, "latin1").toString("utf8");
}

/** Reads what `git diff-tree -r -M --raw --numstat -z --no-abbrev` writes, taken as latin1. */
export function parseTreeChanges(text: string): TreeChange[] {
  const parts = text.split("\0");
  const changes: TreeChange[] = [];
  let at = 0;
  const next = (): string => parts[at++] ?? "";
  while (parts[at]?.startsWith(":") === true) {
    const [oldMode = "", newMode = "", oldId = "", newId = "", letter = ""] = next().slice(1).split(" ");
    const first = next();
    const isPair = letter.startsWith("R") || letter.startsWith("C");
    changes.push({
      status: statuses[letter.charAt(0)] ?? "changed",
      rawFormerPath: first,
      rawPath: isPair ? next() : first,
      oldMode,
      newMode,
      oldId,
      newId,
      added: 0,
      removed: 0,
      isBinary: false,
    });
  }
  for (const change of changes) {
    const [added, removed, name] = splitCounts(next());
    if (name === "") at += 2; // of a moved file both names follow
    change.isBinary = added === "-";
    change.added = Number(added) || 0;
    change.removed = Number(removed) || 0;
  }
  return changes;
}

/** "12\t3\tname", whose name may hold tabs. */
function splitCounts(text: string): [string, string, string] {
  const first = text.indexOf("\t");
  const second = text.indexOf("\t", first + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/**
 * Reads the hunks of a unified diff of one file, taken as latin1. Lines are counted, not guessed: a changed line may itself
 * look like the head of a hunk. A hunk that is not whole (the text was cut) is left out.
 */
export function parseHunks(patch: string): PatchHunk[] {
  const lines = patch.split("\n");
  const hunks: PatchHunk[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/s.exec(lines[at] ?? "");
    if (!head) continue;
    const oldCount = Number(head[2] ?? 1);
    const newCount = Number(head[4] ?? 1);
    const taken = takeLines(lines, at + 1, oldCount, newCount);
    if (!taken) break;
    hunks.push({
      oldStart: Number(head[1]),
      oldCount,
      newStart: Number(head[3]),
      newCount,
      heading: head[5] ?? "",
      lines: taken,
    });
    at += taken.length;
  }
  return hunks;
}

function takeLines(lines: readonly string[], from: number, oldCount: number, newCount: number): string[] | null {
  let before = oldCount;
  let after = newCount;
  let end = from;
  for (; before > 0 || after > 0; end += 1) {
    const sign = lines[end]?.charAt(0);
    if (sign === undefined || end >= lines.length - 1) return null;
    if (sign === "+") after -= 1;
    else if (sign === "-") before -= 1;
    else if (sign !== "\\") {
      before -= 1;
      after -= 1;
    }
  }
  if (lines[end]?.startsWith("\\ ") === true) end += 1;
  return lines.slice(from, end);
}

/** What acceptance of a file is bound to. */
export function changeHash(change: TreeChange): string {
  const { rawFormerPath, rawPath, oldMode, newMode, oldId, newId } = change;
  return sha256([rawFormerPath, rawPath, oldMode, newMode, oldId, newId].join("\0"));
}

/** What acceptance of each hunk of a file is bound to: its lines, wherever they are. */
export function hunkHashes(change: Pick<TreeChange, "rawPath">, hunks: readonly PatchHunk[]): string[] {
  const seen = new Map<string, number>();
  return hunks.map(({ lines }) => {
    const text = lines.join("\n");
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return sha256([change.rawPath, text, String(before)].join("\0"));
  });
}

/** A patch of one hunk of a file, as bytes for `git apply`. */
export function patchOf(rawPath: string, hunk: PatchHunk): Uint8Array {
  const { oldStart, oldCount, newStart, newCount, lines } = hunk;
  const text = [
    `--- ${quoted(`a/${rawPath}`)}`,
    `+++ ${quoted(`b/${rawPath}`)}`,
    `@@ -${oldStart},${oldCount} +${newStart},${newCount} @@`,
    ...lines,
    "",
  ].join("\n");
  return Buffer.from(text, "latin1");
}

/** A name as git reads it in a patch: in quotes, whatever is in it. */
function quoted(raw: string): string {
  const escaped = raw.replace(/["\\]|[^\x20-\x7e]/g, (sign) =>
    sign === '"' || sign === "\\" ? `\\${sign}` : `\\${sign.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}

function sha256(raw: string): string {
  return createHash("sha256").update(raw, "latin1").digest("hex");
}
