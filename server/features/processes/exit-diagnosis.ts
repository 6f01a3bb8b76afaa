import { open } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";

import type { Problem } from "../../../contract/features/processes.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-client.ts";
import { redact } from "../../../lib/redact.ts";

const tailBytes = 16 * 1024;

/** Why a process ended, from its exit code and the end of its log; `null` when nothing is wrong with it. */
export async function diagnoseExit(process: Pm2Process): Promise<Problem | null> {
  if (process.status !== "errored" && process.status !== "waiting" && process.unstableRestarts === 0) return null;
  if (process.status === "stopped" || process.status === "stopping") return null;
  const texts = await Promise.all([...new Set([process.errLog, process.outLog])].map(readTail));
  const text = stripVTControlCharacters(texts.join("\n"));
  return problemIn(text) ?? exitProblem(process);
}

/** The problem the end of a log tells of, the newest one first. */
export function problemIn(log: string): Problem | null {
  const lines = log.split(/\r?\n/).slice(-200).toReversed();
  for (const line of lines) {
    for (const { pattern, toProblem } of signs) {
      const match = pattern.exec(line);
      if (match) return toProblem(match, log);
    }
  }
  return null;
}

const short = (text: string | undefined): string => redact(text ?? "").slice(0, 200);

/** The port in "address already in use 127.0.0.1:3000" and "Port 3000 is in use". */
const takenPort = /already in use (?:\S*:)?(\d{2,5})\b|\bport (\d{2,5}) is (?:already )?(?:in use|taken)/gi;

const signs: readonly { pattern: RegExp; toProblem: (match: RegExpExecArray, log: string) => Problem }[] = [
  {
    pattern: /EADDRINUSE|address already in use|\bport \d+ is (?:already )?(?:in use|taken)/i,
    toProblem: (_match, log) => {
      const port = [...log.matchAll(takenPort)].at(-1)?.slice(1).find(Boolean);
      return {
        code: "port_taken",
        message:
          port === undefined ? "Its port is taken by another program" : `Port ${port} is taken by another program`,
        hint: "Stop the other program, or give this process another port.",
      };
    },
  },
  {
    pattern:
      /(?:Cannot find (?:module|package) |ERR_MODULE_NOT_FOUND.*|ModuleNotFoundError: No module named )['"]?([^'"\s]*)/,
    toProblem: (match) => ({
      code: "module_missing",
      message: `The module ${short(match[1]) || "it needs"} was not found`,
      hint: "Install the project's dependencies, for example with npm install.",
    }),
  },
  {
    pattern: /(?:^|\s)(?:sh|bash|zsh|npm ERR!)?:?\s*(?:\d+:\s*)?([\w./@-]{1,100}): (?:command )?not found/,
    toProblem: (match) => ({
      code: "program_missing",
      message: `The program ${short(match[1])} was not found`,
      hint: "Install it, or the project's dependencies.",
    }),
  },
  {
    pattern: /heap out of memory|JavaScript heap|MemoryError|Cannot allocate memory/,
    toProblem: () => ({ code: "out_of_memory", message: "It ran out of memory" }),
  },
  {
    pattern: /\b(EACCES|Permission denied|permission denied)\b.{0,150}/,
    toProblem: (match) => ({ code: "permission_denied", message: `Permission was denied: ${short(match[0])}` }),
  },
];

function exitProblem({ exitCode, unstableRestarts, status }: Pm2Process): Problem | null {
  const code = exitCode === null ? "" : ` with exit code ${exitCode}`;
  if (status === "errored") {
    return {
      code: "crash_loop",
      message:
        `It ended ${unstableRestarts > 1 ? `${unstableRestarts} times in a row` : ""}${code || " by itself"}`.replaceAll(
          "  ",
          " ",
        ),
      hint: "Its log says more. Start it again when the cause is mended.",
    };
  }
  if (status === "waiting" && exitCode === 0) {
    return {
      code: "exited",
      message: "It ended by itself without an error and is started again shortly",
      hint: "A program that goes to the background cannot be looked after: start it in the foreground. One that is done when it ends needs no restart: switch that off in its settings.",
    };
  }
  if (status === "waiting") return { code: "exited", message: `It ended${code} and is started again shortly` };
  return null;
}

async function readTail(file: string | null): Promise<string> {
  if (file === null || file === "/dev/null") return "";
  try {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - tailBytes);
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      await handle.read(buffer, 0, buffer.length, start);
      return buffer.toString("utf8");
    } finally {
      await handle.close();
    }
  } catch {
    return ""; // no log, no clue: the exit code speaks
  }
}
