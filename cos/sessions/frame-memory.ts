import { frameHeaderBytes } from "../../contract/terminal-frames.ts";

/** Most output in one frame. */
export const largestFrameBytes = 262_144;
const smallBytes = 8192;
const pieceBytes = frameHeaderBytes + largestFrameBytes;
const mostFree = 4;
const free: ArrayBuffer[] = [];

/**
 * Memory for a frame with `length` bytes of data, not cleared. Frames of a flood are large and many: fresh memory for
 * each costs the kernel and the garbage collector more than filling it.
 */
export function takeFrame(length: number): Uint8Array<ArrayBuffer> {
  if (length <= smallBytes || length > largestFrameBytes) return Buffer.allocUnsafe(frameHeaderBytes + length);
  return new Uint8Array(free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes).buffer, 0, frameHeaderBytes + length);
}

/** To be called at most once, by whoever is the last to use the frame. */
export function giveBackFrame(frame: Uint8Array): void {
  const { buffer } = frame;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== pieceBytes || free.length >= mostFree) return;
  free.push(buffer);
}
