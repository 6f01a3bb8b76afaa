/**
 * Binary frames of live sessions. The same bytes travel from portos-cos over its WebSocket to portos-server and on to
 * the browser; the relay changes the viewer number only.
 *
 *   byte 0      kind
 *   bytes 4-7   viewer, unsigned, chosen by the side that attaches
 *   bytes 8-15  offset, float64: number of the first byte of an output, or of the next byte after a repaint
 *   bytes 16-23 extra, float64: bytes skipped (repaint), bytes processed (credit), cols * 65536 + rows (resize)
 *   bytes 24-   data
 */
export const frameKinds = {
  /** Output, bytes as the program wrote them. */
  output: 1,
  /** Data that paints the whole screen and scrollback on a reset terminal. */
  repaint: 2,
  /** The size of the session changed. */
  size: 3,
  /** JSON: a change of one session, told to every relay. */
  session: 4,
  /** JSON: reply to `attach`, `{ok:true,data}` or `{ok:false,error}`. */
  attached: 5,
  /** JSON `{id}`: a session was forgotten. */
  removed: 6,
  attach: 16,
  detach: 17,
  input: 18,
  /** The terminal has processed `extra` bytes. */
  credit: 19,
  resize: 20,
} as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export interface Frame {
  kind: number;
  viewer: number;
  offset: number;
  extra: number;
  data: Uint8Array;
}

export const frameHeaderBytes = 24;

/** A frame as bytes; `data` is copied once. */
export function encodeFrame(
  kind: FrameKind,
  viewer: number,
  data: Uint8Array,
  offset = 0,
  extra = 0,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frameHeaderBytes + data.length);
  writeFrameHeader(bytes, kind, viewer, offset, extra);
  bytes.set(data, frameHeaderBytes);
  return bytes;
}

/** Writes the 24 bytes before the data into `bytes`. */
export function writeFrameHeader(
  bytes: Uint8Array,
  kind: FrameKind,
  viewer: number,
  offset: number,
  extra: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderBytes);
  view.setUint32(0, kind * 2 ** 24); // bytes 1-3 are zero
  view.setUint32(4, viewer);
  view.setFloat64(8, offset);
  view.setFloat64(16, extra);
}

/** The parts of a frame, `data` being a view into `bytes`; `null` when it is no frame. */
export function decodeFrame(bytes: Uint8Array): Frame | null {
  if (bytes.length < frameHeaderBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    kind: view.getUint8(0),
    viewer: view.getUint32(4),
    offset: view.getFloat64(8),
    extra: view.getFloat64(16),
    data: bytes.subarray(frameHeaderBytes),
  };
}

/** Puts another viewer number into an encoded frame. */
export function renumberFrame(bytes: Uint8Array, viewer: number): void {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(4, viewer);
}

/** Columns and rows in the `extra` field. */
export function packSize(cols: number, rows: number): number {
  return cols * 65_536 + rows;
}

export function unpackSize(extra: number): { cols: number; rows: number } {
  return { cols: Math.floor(extra / 65_536), rows: extra % 65_536 };
}

const [escape, bell] = [String.fromCodePoint(0x1b), String.fromCodePoint(0x07)];
const replyPattern = new RegExp(
  `^(?:${escape}\\[[?>=]?[\\d;]*[cnR]|${escape}\\[\\?[\\d;]+\\$y|${escape}[P\\]][^${bell}${escape}]*(?:${bell}|${escape}\\\\))+$`,
);

/** Whether input is what a terminal answers by itself: one viewer may, and none while old output is replayed. */
export function isTerminalReply(text: string): boolean {
  return text.startsWith(escape) && text.length <= 4096 && replyPattern.test(text);
}
