import { closeSync, constants as fileConstants, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";

import type * as pty from "node-pty";

import { withUserUmask } from "../../lib/processes/user-umask.ts";
import { createPacedInput } from "./paced-input.ts";
import type { Program, ProgramStart } from "./program.ts";

type PtyModule = typeof pty;

/** Parts of node-pty's object that its types leave out. */
interface PtyInside {
  fd: number;
  ptsName: string;
  _socket: { destroy: () => void; readableLength: number };
}

let loading: Promise<PtyModule> | null = null;

/** Loads node-pty, with the binary that comes compiled for this system. */
export function loadPty(): Promise<PtyModule> {
  loading ??= import("node-pty").then((module: PtyModule & { default?: PtyModule }) => module.default ?? module);
  return loading;
}

const quietMs = 30;
const drainAtMostMs = 2000;
const lookMs = 50;
/** Output read at once, at most; a read gives 4 KiB, so what comes in smaller pieces than half of that is not a flood. */
const readBytes = 65_536;
const floodBytes = 2048;
const leastReadBytes = 8192;
/** One for all: nobody keeps output beyond the call it is handed over in. */
const readInto = Buffer.allocUnsafeSlow(readBytes + floodBytes);

/** Starts a program behind a pty. Throws when the pty cannot be made; a missing program ends with an exit code. */
export function startPtyProgram(module: PtyModule, start: ProgramStart): Program {
  const terminal: pty.IPty & Partial<PtyInside> = withUserUmask(() =>
    module.spawn(start.file, start.args, {
      name: "xterm-256color",
      cols: start.cols,
      rows: start.rows,
      cwd: start.cwd,
      env: start.env,
      encoding: null,
    }),
  );
  const { pid } = terminal;
  let lastDataAt = performance.now();
  let isPaused = false;
  let isOver = false;
  let watch: NodeJS.Timeout | null = null;

  const input = createPacedInput((bytes) => tryWrite(terminal.fd, bytes));
  const guard = holdOpen(terminal, () => {
    if (isPaused) resume();
    return performance.now() - lastDataAt > quietMs;
  });
  terminal.onData((data) => {
    lastDataAt = performance.now();
    start.onData(readOn(terminal, data as unknown as Buffer)); // encoding null: bytes, though the types say text
  });
  terminal.onExit(({ exitCode, signal }) => {
    isOver = true;
    if (watch) clearInterval(watch);
    input.stop();
    guard.release();
    const name = signal ? signalName(signal) : null;
    start.onEnd({ exitCode: name ? null : exitCode, signal: name, problem: null });
  });

  function resume(): void {
    isPaused = false;
    if (watch) clearInterval(watch);
    watch = null;
    if (!isOver) terminal.resume();
  }

  return {
    pid,
    write: input.write,
    resize(cols, rows) {
      if (!isOver) terminal.resize(cols, rows);
    },
    pause() {
      if (isPaused || isOver) return;
      isPaused = true;
      terminal.pause();
      // A program that ends while it is held back must still be read to its end.
      watch = setInterval(() => {
        if (!isAlive(pid)) resume();
      }, lookMs);
    },
    resume() {
      if (isPaused) resume();
    },
  };
}

/**
 * What has been read and what the terminal holds beyond it. A stream reads 4 KiB per turn of the event loop, each with an
 * allocation of 64 KiB; to go on reading right here takes half the time.
 */
function readOn(terminal: Partial<PtyInside>, first: Buffer): Buffer {
  const { fd, _socket: socket } = terminal;
  const isFlood = first.length >= floodBytes && first.length < readBytes;
  // Bytes waiting in the stream come before those waiting in the terminal.
  if (!isFlood || fd === undefined || socket?.readableLength !== 0) return first;
  const most = shareOfTurn();
  let length = first.copy(readInto);
  while (length < most) {
    const count = tryRead(fd, length);
    length += count;
    if (count < floodBytes) break;
  }
  return readInto.subarray(0, length);
}

const turn = { isRunning: false, floods: 0, floodsBefore: 1 };

/** How much one program may be read at once: many at the same time take turns, so that none ends long before the others. */
function shareOfTurn(): number {
  turn.floods += 1;
  if (!turn.isRunning) {
    turn.isRunning = true;
    setImmediate(() => {
      turn.isRunning = false;
      turn.floodsBefore = turn.floods;
      turn.floods = 0;
    });
  }
  return Math.max(leastReadBytes, readBytes / Math.max(turn.floods, turn.floodsBefore));
}

function tryRead(descriptor: number, at: number): number {
  try {
    return readSync(descriptor, readInto, at, readInto.length - at, null);
  } catch {
    return 0; // nothing more for now, or the end, which the stream will meet as well
  }
}

/**
 * The kernel throws unread output away when the last holder of the terminal's other side closes it. So that side is
 * held open here until the output has been quiet, and node-pty's own closing, 200 ms after the exit, waits for that.
 */
function holdOpen(terminal: Partial<PtyInside>, isQuiet: () => boolean): { release(): void } {
  let descriptor: number | null = null;
  const { ptsName, _socket: socket } = terminal;
  if (ptsName === undefined || socket === undefined) return { release: () => undefined };
  try {
    descriptor = openSync(ptsName, fileConstants.O_RDWR | fileConstants.O_NOCTTY);
  } catch {
    descriptor = null; // the program has ended already: nothing can be held any more
  }
  const destroy = socket.destroy.bind(socket);
  const release = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  socket.destroy = () => {
    const until = performance.now() + drainAtMostMs;
    const look = (): void => {
      if (!isQuiet() && performance.now() < until) {
        setTimeout(look, quietMs);
        return;
      }
      release();
      destroy();
    };
    look();
  };
  return { release };
}

function tryWrite(descriptor: number | undefined, bytes: Uint8Array): number {
  if (descriptor === undefined) return 0;
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EAGAIN" ? 0 : bytes.length; // the terminal is gone: its input goes nowhere
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
