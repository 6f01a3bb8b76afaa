export interface ProgramEnd {
  exitCode: number | null;
  signal: string | null;
  /** Why it could not be started. */
  problem: string | null;
}

/** What runs in a session: behind a pty or behind pipes. */
export interface Program {
  readonly pid: number | null;
  /** Queues input; false when too much is waiting already and the bytes were refused. */
  write(bytes: Uint8Array): boolean;
  resize(cols: number, rows: number): void;
  /** Holds the program back by not reading its output. */
  pause(): void;
  resume(): void;
}

export interface ProgramStart {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  cols: number;
  rows: number;
  /** The bytes are valid during the call only: the memory is used again. */
  onData: (bytes: Buffer) => void;
  /** Called once, after the last output. */
  onEnd: (end: ProgramEnd) => void;
}

/** Input that may wait for a program that does not read. */
export const maxWaitingInputBytes = 4 * 1024 * 1024;
