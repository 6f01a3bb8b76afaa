export interface ViewSize {
  number: number;
  cols: number;
  rows: number;
}

/** The size a session gets: the smallest of all windows, or that of the viewer who leads. `null` without viewers. */
export function chooseSize(
  viewers: readonly ViewSize[],
  sizing: "smallest" | "active",
  leader: number | null,
): { cols: number; rows: number } | null {
  const leading = sizing === "active" ? viewers.find(({ number }) => number === leader) : undefined;
  const judged = leading ? [leading] : viewers;
  if (judged.length === 0) return null;
  return { cols: Math.min(...judged.map(({ cols }) => cols)), rows: Math.min(...judged.map(({ rows }) => rows)) };
}

const replyPattern =
  // eslint-disable-next-line no-control-regex -- terminal replies are control sequences
  /^(?:\x1b\[[?>=]?[\d;]*[cnR]|\x1b\[\?[\d;]+\$y|\x1b[P\]][^\x07\x1b]*(?:\x07|\x1b\\))+$/;

/** Whether input is what a terminal answers by itself; with several viewers only one of them may. */
export function isTerminalReply(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x1b || bytes.length > 4096) return false;
  return replyPattern.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"));
}
