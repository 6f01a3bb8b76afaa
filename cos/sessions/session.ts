import { randomBytes } from "node:crypto";
import { basename } from "node:path";

import type { SessionInfo, TypedCommand } from "../../contract/internal/cos.ts";
import { encodeFrame, frameKinds, isTerminalReply, packSize } from "../../contract/terminal-frames.ts";
import type { AttachReply } from "../../contract/features/terminal.ts";
import type { Clock } from "../../lib/clock.ts";
import { signalSession } from "../../lib/processes/process-session.ts";
import { createOutputRing, type OutputRing } from "./output-ring.ts";
import { createScreen, type OpenScreenTerminal, type Repaint } from "./screen.ts";
import { createSessionReports } from "./session-reports.ts";
import { chooseSize } from "./session-sizing.ts";
import type { Program, ProgramEnd, ProgramStart } from "./program.ts";
import { createProgramHold } from "./program-hold.ts";
import { createViewer, type Viewer } from "./viewer.ts";

/** What a session remembers of itself; the rest of `SessionInfo` is worked out when asked. */
export type SessionRecord = Omit<SessionInfo, "viewers" | "memoryBytes" | "bufferedBytes" | "outputBytes">;

export interface SessionListener {
  /** Something a list shows has changed. */
  onChange(): void;
  onOutput(bytes: Uint8Array): void;
  onResize(cols: number, rows: number): void;
  onCommand(command: TypedCommand): void;
  onEnd(): void;
}

export interface SessionOptions {
  record: SessionRecord;
  clock: Clock;
  openTerminal: OpenScreenTerminal;
  nonce: string;
  listener: SessionListener;
  timeoutMs?: number | undefined;
  /** Output stored by an earlier run of this process. */
  stored?: { from: number; bytes: Buffer } | null;
}

export interface AttachOptions {
  number: number;
  cols: number;
  rows: number;
  after?: number | undefined;
  send: (frame: Uint8Array) => void;
  /** Called with the reply before the first frame is sent. */
  onAttached: (reply: Omit<AttachReply, "session">) => void;
}

export interface SessionViewer {
  credit(bytes: number): void;
  input(bytes: Uint8Array): boolean;
  resize(cols: number, rows: number): void;
  detach(): void;
}

export const ringBytes = 2 * 1024 * 1024;
const hangUp = ["SIGHUP", "SIGTERM", "SIGCONT"] as const;
const politely = ["SIGTERM", "SIGCONT"] as const;
const endedRingBytes = 524_288;

/** 16 random lower-case letters and digits. */
export function newSessionId(): string {
  return [...randomBytes(16)].map((byte) => (byte % 36).toString(36)).join("");
}

/** One program, its output and everybody who looks at it. Outlives its program: ended sessions stay readable. */
export class Session {
  readonly record: SessionRecord;
  readonly ring: OutputRing;
  readonly #options: SessionOptions;
  readonly #screen;
  readonly #marks;
  readonly #viewers = new Map<number, Viewer>();
  readonly #hold;
  #program: Program | null = null;
  #leader: number | null = null;
  #wasAttached = false;
  #wasResized = false;
  #lastOutputMs = 0;
  #timeout: NodeJS.Timeout | null = null;
  #closing: NodeJS.Timeout | null = null;
  #hardKill: NodeJS.Timeout | null = null;
  #endReason: SessionRecord["reason"] = null;
  #repainting: Promise<Repaint> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.record = options.record;
    const { stored, record } = options;
    this.ring = createOutputRing(ringBytes, stored?.from ?? 0);
    this.#screen = createScreen({
      ring: this.ring,
      cols: record.cols,
      rows: record.rows,
      convertEol: !record.tty,
      openTerminal: options.openTerminal,
    });
    this.#hold = createProgramHold({
      viewers: () => this.#viewers.values(),
      isBehind: () => this.#screen.isBehind,
      program: () => this.#program,
    });
    this.#screen.onCaughtUp = () => {
      this.#hold.look();
    };
    if (stored) {
      this.#screen.beforeAppend(stored.bytes.length);
      this.ring.append(stored.bytes);
      this.#wasAttached = true;
    }
    this.#marks = createSessionReports(options);
  }

  /** Starts the program; a program that cannot be started ends the session with a problem. */
  start(run: (start: Pick<ProgramStart, "cols" | "rows" | "onData" | "onEnd">) => Program): void {
    const { record } = this;
    try {
      this.#program = run({
        cols: record.cols,
        rows: record.rows,
        onData: (bytes) => {
          this.#receive(bytes);
        },
        onEnd: (end) => {
          this.#end(end);
        },
      });
      record.pid = this.#program.pid;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#end({ exitCode: null, signal: null, problem: `It could not be started: ${problem}` });
      return;
    }
    const { timeoutMs } = this.#options;
    if (timeoutMs !== undefined) {
      this.#timeout = setTimeout(() => {
        this.terminate("timeout", 3000);
      }, timeoutMs);
    }
  }

  get isRunning(): boolean {
    return this.record.state === "running" || this.record.state === "closing";
  }

  info(memoryBytes: number | null): SessionInfo {
    this.#noteLastOutput();
    return {
      ...this.record,
      viewers: this.#viewers.size,
      memoryBytes,
      bufferedBytes: this.ring.allocated,
      outputBytes: this.ring.end,
    };
  }

  /** The time as text costs more than a piece of output does, so it is written when somebody looks. */
  #noteLastOutput(): void {
    if (this.#lastOutputMs > 0) this.record.lastOutputAt = new Date(this.#lastOutputMs).toISOString();
  }

  #receive(bytes: Buffer): void {
    this.#screen.beforeAppend(bytes.length);
    this.ring.append(bytes);
    this.#lastOutputMs = this.#options.clock.now();
    this.#marks.scan(bytes);
    this.#options.listener.onOutput(bytes);
    for (const viewer of this.#viewers.values()) viewer.notify();
    this.#hold.look();
  }

  /** Types into the program on nobody's behalf but the owner's; false when it takes no more. */
  type(bytes: Uint8Array): boolean {
    return this.#program?.write(bytes) ?? false;
  }

  attach(options: AttachOptions): SessionViewer {
    const { number, after } = options;
    const isFirstLook = !this.#wasAttached && !this.#wasResized && this.ring.start === 0;
    const from = after !== undefined && after >= this.ring.start && after <= this.ring.end ? after : null;
    const begin = after === undefined && isFirstLook ? 0 : from;
    const seen = after !== undefined && after <= this.ring.end ? after : undefined;
    this.#wasAttached = true;
    options.onAttached({
      mode: begin === null ? "repaint" : "resume",
      from: begin ?? this.ring.end,
      skipped: begin === null && seen !== undefined ? Math.max(0, this.ring.end - seen) : 0,
    });
    const viewer = createViewer({
      ...options,
      ring: this.ring,
      from: begin,
      seen,
      clock: this.#options.clock,
      repaint: () => this.repaint(),
      onRoom: () => {
        if (this.#hold.isHeld) this.#hold.look();
      },
    });
    this.#viewers.set(number, viewer);
    this.#senders.set(number, options.send);
    this.#leader ??= number;
    this.#applySize(viewer);
    viewer.notify();
    this.#options.listener.onChange();
    return this.#handle(viewer);
  }

  #handle(viewer: Viewer): SessionViewer {
    const { number } = viewer;
    return {
      credit: (bytes) => {
        viewer.credit(bytes);
      },
      input: (bytes) => {
        if (this.#viewers.size > 1 && number !== this.#leader) {
          if (bytes[0] === 0x1b && isTerminalReply(Buffer.from(bytes).toString("latin1"))) return true;
          this.#lead(number);
        }
        return this.#program?.write(bytes) ?? false;
      },
      resize: (cols, rows) => {
        viewer.cols = cols;
        viewer.rows = rows;
        this.#applySize(null);
      },
      detach: () => {
        viewer.detach();
        this.#viewers.delete(number);
        this.#senders.delete(number);
        if (this.#leader === number) this.#leader = this.#viewers.keys().next().value ?? null;
        this.#applySize(null);
        this.#hold.look();
        if (this.#viewers.size === 0) this.#hold.release();
        this.#options.listener.onChange();
      },
    };
  }

  readonly #senders = new Map<number, (frame: Uint8Array) => void>();

  #lead(number: number): void {
    this.#leader = number;
    if (this.record.sizing === "active") this.#applySize(null);
  }

  setSizing(sizing: SessionRecord["sizing"]): void {
    this.record.sizing = sizing;
    this.#applySize(null);
  }

  /** Gives the session the size its viewers ask for, and tells all of them; `newcomer` is told in any case. */
  #applySize(newcomer: Viewer | null): void {
    const { record } = this;
    const chosen = chooseSize([...this.#viewers.values()], record.sizing, this.#leader);
    const hasChanged =
      chosen !== null && (chosen.cols !== record.cols || chosen.rows !== record.rows) && this.isRunning;
    if (hasChanged) {
      record.cols = chosen.cols;
      record.rows = chosen.rows;
      if (this.ring.end > 0) this.#wasResized = true;
      this.#screen.resize(chosen.cols, chosen.rows);
      this.#program?.resize(chosen.cols, chosen.rows);
      this.#options.listener.onResize(chosen.cols, chosen.rows);
      this.#options.listener.onChange();
    }
    for (const [number, send] of this.#senders)
      if (hasChanged || number === newcomer?.number) this.#tellSize(number, send);
  }

  #tellSize(number: number, send: (frame: Uint8Array) => void): void {
    send(
      encodeFrame(
        frameKinds.size,
        number,
        new Uint8Array(0),
        this.ring.end,
        packSize(this.record.cols, this.record.rows),
      ),
    );
  }

  /** The screen as it is now; requests at the same time share one. */
  repaint(): Promise<Repaint> {
    this.#repainting ??= this.#screen.repaint().finally(() => {
      this.#repainting = null;
    });
    return this.#repainting;
  }

  /** Ends the session `undoMs` from now unless it is kept. */
  close(undoMs: number, graceMs: number): void {
    if (!this.isRunning) return;
    if (undoMs === 0) {
      this.terminate("killed", graceMs);
      return;
    }
    this.keep();
    this.record.state = "closing";
    this.record.closingAt = new Date(this.#options.clock.now() + undoMs).toISOString();
    this.#closing = setTimeout(() => {
      this.terminate("killed", graceMs);
    }, undoMs);
    this.#options.listener.onChange();
  }

  keep(): void {
    if (this.#closing) clearTimeout(this.#closing);
    this.#closing = null;
    if (this.record.state !== "closing") return;
    this.record.state = "running";
    this.record.closingAt = null;
    this.#options.listener.onChange();
  }

  /** Asks everything in the session to end, and makes it after `graceMs`. */
  terminate(reason: SessionRecord["reason"], graceMs: number): void {
    const { pid } = this.record;
    if (!this.isRunning || pid === null) return;
    this.#endReason ??= reason;
    // An interactive shell ignores SIGTERM; SIGHUP is what closing its window means.
    const signals = this.record.kind === "shell" ? hangUp : politely;
    if (graceMs > 0) for (const signal of signals) signalSession(pid, signal);
    this.#hardKill ??= setTimeout(() => {
      signalSession(pid, "SIGKILL");
    }, graceMs);
    this.#hold.release();
  }

  #end(end: ProgramEnd): void {
    const { record } = this;
    for (const timer of [this.#timeout, this.#closing, this.#hardKill]) if (timer) clearTimeout(timer);
    this.#hold.stop();
    this.#noteLastOutput();
    record.state = "ended";
    record.endedAt = new Date(this.#options.clock.now()).toISOString();
    record.exitCode = end.exitCode;
    record.signal = end.signal;
    record.problem = end.problem;
    record.reason = end.problem === null ? (this.#endReason ?? "exited") : "failed";
    record.closingAt = null;
    this.#marks.finishCommand(null);
    this.#options.listener.onEnd();
    this.#options.listener.onChange();
  }

  /** Gives memory back that nobody needs. */
  trim(): void {
    if (this.isRunning || this.#viewers.size > 0 || this.ring.allocated <= endedRingBytes) return;
    if (this.ring.end - this.ring.start > endedRingBytes) this.#screen.beforeAppend(ringBytes);
    this.ring.shrink(endedRingBytes);
  }

  dispose(): void {
    this.terminate("killed", 0);
    for (const viewer of this.#viewers.values()) viewer.detach();
    this.#screen.dispose();
  }

  /** Ends the session when it has neither viewer nor output for longer than its policy allows. */
  checkIdle(): void {
    const { idleTimeoutMs, createdAt } = this.record;
    if (idleTimeoutMs === null || this.#viewers.size > 0 || !this.isRunning) return;
    if (this.#options.clock.now() - (this.#lastOutputMs || Date.parse(createdAt)) > idleTimeoutMs)
      this.terminate("idle", 3000);
  }
}

/** A name for a session nobody named. */
export function defaultName(cwd: string, command: readonly string[] | null, shellCommand: string | null): string {
  if (shellCommand !== null) return shellCommand.split("\n")[0]?.slice(0, 60) ?? "command";
  if (command !== null) return [basename(command[0] ?? ""), ...command.slice(1)].join(" ").slice(0, 60);
  return basename(cwd) || "/";
}
