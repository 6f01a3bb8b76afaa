import type { Socket } from "node:net";
import { Duplex } from "node:stream";

import { tooMuch } from "./limit-reading.ts";

/**
 * A connection that is there at once and connected later, for a library that wants one without waiting: what is written before
 * is sent when it is open.
 */
export function createLateSocket(open: Promise<Socket>, onConnect: () => void, maxBytes: number): Socket {
  const inner = open.then((socket) => {
    socket.on("data", (chunk: Buffer) => {
      if (socket.bytesRead > maxBytes) outer.destroy(tooMuch(maxBytes));
      else if (!outer.push(chunk)) socket.pause();
    });
    socket.once("end", () => outer.push(null));
    socket.once("error", (error) => outer.destroy(error));
    socket.once("close", () => outer.destroy());
    return socket;
  });
  const closeInner = (): void => {
    inner.then((socket) => socket.destroy(), noted);
  };
  const outer = new Duplex({
    read() {
      inner.then((socket) => socket.resume(), noted);
    },
    write(chunk: Buffer, _encoding, done) {
      inner.then((socket) => socket.write(chunk, done), done);
    },
    final(done) {
      inner.then((socket) => socket.end(done), done);
    },
    destroy(error, done) {
      closeInner();
      done(error);
    },
  });
  inner.then(onConnect, (error: unknown) => {
    outer.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const same = (): Duplex => outer;
  // All of a socket that the library touches.
  return Object.assign(outer, { ref: same, unref: same, setKeepAlive: same, setNoDelay: same }) as unknown as Socket;
}

function noted(): void {
  // the one who opened it is told
}
