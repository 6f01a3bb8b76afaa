/** A place in one stream: a byte offset in one of its files, and the check of the bytes before it. */
export interface Position {
  stream: string;
  file: string;
  offset: number;
  check: string;
}

/** Reads a cursor that has passed `logCursorSchema`. */
export function parseCursor(cursor: string): Position[] {
  return cursor.split(",").map((part) => {
    const [stream = "", file = "", offset = "0", check = ""] = part.split(":");
    return { stream, file, offset: Number(offset), check };
  });
}

/** Writes a cursor; `null` for no places at all. */
export function formatCursor(positions: Position[]): string | null {
  if (positions.length === 0) return null;
  return positions.map(({ stream, file, offset, check }) => `${stream}:${file}:${String(offset)}:${check}`).join(",");
}

/** Reads a line id that has passed `logLineIdSchema`. */
export function parseLineId(id: string): { stream: string; file: string; offset: number } {
  const [stream = "", file = "", offset = "0"] = id.split(":");
  return { stream, file, offset: Number(offset) };
}
