/** One event of a recording: milliseconds since its start, output or a new size. */
export interface CastEvent {
  atMs: number;
  kind: "output" | "size";
  data: string;
}

export interface Cast {
  cols: number;
  rows: number;
  durationMs: number;
  events: CastEvent[];
}

/** Longest pause a replay keeps; nobody wants to watch somebody think. */
export const longestPauseMs = 2000;

/** Reads asciicast v2, long pauses shortened. Throws when the first line is no header. */
export function parseCast(text: string): Cast {
  const [first = "", ...lines] = text.split("\n");
  const header = JSON.parse(first) as { version?: number; width?: number; height?: number };
  if (header.version !== 2) throw new Error("This is not a recording in asciicast v2");
  const events: CastEvent[] = [];
  let removedMs = 0;
  let lastMs = 0;
  for (const line of lines) {
    if (line === "") continue;
    const [seconds = 0, kind, data = ""] = JSON.parse(line) as [number?, string?, string?];
    const trueMs = seconds * 1000;
    removedMs += Math.max(0, trueMs - removedMs - lastMs - longestPauseMs);
    lastMs = trueMs - removedMs;
    if (kind === "o") events.push({ atMs: lastMs, kind: "output", data });
    else if (kind === "r") events.push({ atMs: lastMs, kind: "size", data });
  }
  return { cols: header.width ?? 80, rows: header.height ?? 24, durationMs: lastMs, events };
}
