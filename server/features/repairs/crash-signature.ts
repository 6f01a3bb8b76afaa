import { createHash } from "node:crypto";

import type { IncidentDetail } from "../../../contract/internal/autofixer.ts";

const timePrefix = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z?:? ?/;
const errorLine = /\b(?:\w*Error|\w*Exception|Traceback|panicked|panic|FATAL|fatal|Segmentation fault)\b/;
const frameLine = /^\s+at |^\s*File "|^\s*from .+:\d+:in |^\s+\S+\.go:\d+/;
const maxFrames = 3;

type Crash = Pick<IncidentDetail, "process" | "exit" | "lines">;

/**
 * What tells one kind of crash from another: the process, how it ended, the last error it wrote and where in the code that was.
 * Times, numbers, ids and line numbers do not count, so that the same mistake has the same signature after every restart.
 */
export function crashSignature({ process, exit, lines }: Crash): string {
  const said = lines.map((line) => line.replace(timePrefix, ""));
  const at = said.findLastIndex((line) => errorLine.test(line) && !frameLine.test(line));
  const error = at === -1 ? said.findLast((line) => line.trim() !== "") : said[at];
  const frames = at === -1 ? [] : said.slice(at + 1).filter((line) => frameLine.test(line));
  const parts = [error ?? "", ...frames.slice(0, maxFrames)].map((line) => plain(line, process.cwd));
  const end = exit.signal ?? String(exit.code);
  return createHash("sha256")
    .update([process.key, end, ...parts].join("\n"))
    .digest("hex")
    .slice(0, 32);
}

function plain(line: string, folder: string): string {
  return line
    .replaceAll(folder, ".")
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "#")
    .replaceAll(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi, "#")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 500);
}
