import type { Logger } from "../../../../lib/logger.ts";
import { endDescendants, type EndStep } from "../../../../lib/processes/end-descendants.ts";
import { spawnGroup } from "../../../../lib/processes/spawn-group.ts";

/** How a child ended, in words. */
export interface ChildEnd {
  /** "exited with 3: no such table" */
  reason: string;
}

/** A program that is talked to in lines of JSON over its standard input and output. */
export interface LineChild {
  readonly pid: number | undefined;
  /** Puts one message onto its input; nothing happens when it has ended. */
  send(message: unknown): void;
  /** Ends it with everything it has started, politely first. Resolves when all of it is gone. */
  end(): Promise<void>;
  /** Set once it has ended by itself or was ended. */
  ended(): ChildEnd | null;
}

export interface LineChildOptions {
  file: string;
  args: readonly string[];
  folder: string;
  /** Its whole environment. */
  env: Record<string, string>;
  /** A longer line ends it: nobody could keep it. */
  maxLineBytes: number;
  onMessage(message: unknown): void;
  onEnd(end: ChildEnd): void;
  logger: Logger;
  /** What it is called in the log. */
  name: string;
}

/** First its input is closed, which a program of this kind ends by. */
const inputGraceMs = 2_000;
const endSteps: readonly EndStep[] = [
  { signal: "SIGTERM", graceMs: 2_000 },
  { signal: "SIGKILL", graceMs: 2_000 },
];
const mostLoggedLines = 500;
const longestLoggedLine = 2_000;

/** Starts it in a process group of its own. What it writes to its standard error goes to the log. */
export function startLineChild(options: LineChildOptions): LineChild {
  const { name, logger } = options;
  const child = spawnGroup(options.file, options.args, { cwd: options.folder, env: options.env });
  const leaderPid = child.pid ?? null;
  let end: ChildEnd | null = null;
  let whyEnded: string | null = null;
  let lastSaid = "";
  let logged = 0;

  const endings: (() => void)[] = [];
  const output = lines(options.maxLineBytes, {
    onLine(line) {
      const message = parsed(line);
      if (message !== undefined) options.onMessage(message);
      else log(line);
    },
    onTooLong() {
      whyEnded ??= `sent more than ${String(options.maxLineBytes)} bytes at once`;
      void endDescendants({ leaderPid, steps: [{ signal: "SIGKILL", graceMs: 2_000 }] });
    },
  });
  const errors = lines(64 * 1024, { onLine: log, onTooLong: () => undefined });
  child.stdout.on("data", (chunk: Buffer) => {
    output(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors(chunk);
  });
  child.onEnd(({ exitCode, signal, error }) => {
    const how = error?.message ?? (signal === null ? `exited with ${String(exitCode)}` : `was ended by ${signal}`);
    end = { reason: `${whyEnded ?? how}${lastSaid === "" ? "" : `: ${lastSaid}`}` };
    options.onEnd(end);
    for (const tell of endings) tell();
  });

  /** What is no message is what it has to say. */
  function log(line: string): void {
    const text = line.trim().slice(0, longestLoggedLine);
    if (text === "") return;
    lastSaid = text.slice(0, 300);
    logged += 1;
    if (logged <= mostLoggedLines) logger.info(text, { program: name });
    else if (logged === mostLoggedLines + 1)
      logger.warn("It writes so much that the rest is left out", { program: name });
  }

  function isOver(): Promise<void> {
    return end === null ? new Promise((resolve) => endings.push(resolve)) : Promise.resolve();
  }

  return {
    pid: child.pid,
    ended: () => end,
    send(message) {
      if (end === null) child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    async end() {
      whyEnded ??= "was ended";
      child.stdin.end();
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, inputGraceMs);
      });
      await Promise.race([isOver(), patience]);
      clearTimeout(timer);
      // Also what it left behind in its group.
      await endDescendants({ leaderPid, steps: endSteps });
      if (leaderPid !== null) await isOver();
    },
  };
}

function parsed(line: string): unknown {
  if (!line.startsWith("{") && !line.startsWith("[")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // words, not a message
  }
}

interface LineEvents {
  onLine(line: string): void;
  onTooLong(): void;
}

/** Puts chunks together to lines; after one that is too long nothing is told any more. */
function lines(maxBytes: number, { onLine, onTooLong }: LineEvents): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  let isOff = false;
  return (chunk) => {
    if (isOff) return;
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      from = at + 1;
      onLine(line);
    }
    const rest = chunk.subarray(from);
    if (rest.length === 0) return;
    parts.push(rest);
    size += rest.length;
    if (size <= maxBytes) return;
    isOff = true;
    parts = [];
    onTooLong();
  };
}
