import { join } from "node:path";

import { dataFiles } from "../../contract/data-files.ts";
import { AppError } from "../../lib/app-error.ts";
import { errorCode, systemDisk } from "../../lib/durable-file.ts";
import type { Env } from "../../lib/env.ts";
import type { ChainEnd } from "../../lib/json-log-chain.ts";
import { verifyChain, verifyCopy, type ChainReport } from "../../lib/json-log-verify.ts";
import { say, style } from "./terminal-output.ts";

/** Words of the command line that may follow `evidence`. */
export const evidenceWords = /^(?:verify|--(?:file|expect)=.*)$/;

/**
 * Proves the chain of evidence from its files, or from a downloaded copy, or names the first broken line. Answers whether it is
 * whole. Only reads.
 */
export async function evidence(env: Env, words: ReadonlySet<string>): Promise<boolean> {
  if (!words.has("verify"))
    throw new AppError("invalid_request", "What shall be done with the evidence is not said", {
      hint: "npm run evidence -- verify",
    });
  const directory = join(env.dataDir, dataFiles.evidence.path);
  const expected = readExpected(words);
  const copy = valueOf(words, "--file=");
  if (copy === "")
    throw new AppError("invalid_request", "--file= names no file", { hint: "Give the path of a downloaded chain." });
  const options = { disk: systemDisk, ...(expected ? { expected } : {}) };
  const started = performance.now();
  const report = await (copy === undefined ? verifyChain({ ...options, directory }) : proveCopy(copy, options));
  tell(report, { ms: performance.now() - started, isCopy: copy !== undefined, isEndKnown: expected !== null });
  return report.isWhole;
}

async function proveCopy(path: string, options: Omit<Parameters<typeof verifyCopy>[0], "path">): Promise<ChainReport> {
  try {
    return await verifyCopy({ ...options, path });
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new AppError("not_found", `There is no file ${path}`, { hint: "Give the path of a downloaded chain." });
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function tell(report: ChainReport, how: { ms: number; isCopy: boolean; isEndKnown: boolean }): void {
  const { broken, breaks, rows, files, first, last, repairs, unfinishedBytes } = report;
  if (broken) {
    const line = broken.line === 0 ? "" : `, line ${broken.line}`;
    say(`${style.red("✗")} The chain is broken: ${broken.file}${line}: ${broken.message}`);
    if (breaks > 1) say(`  ${breaks - 1} more ${breaks === 2 ? "place" : "places"} behind it.`);
  } else if (rows === 0) say("There is no evidence yet.");
  else {
    const perSecond = Math.round(rows / (how.ms / 1_000));
    say(
      `${style.green("✓")} The chain is whole: ${counted(rows, "row")} in ${counted(files, "file")}, ${perSecond} rows/s.`,
    );
  }
  if (first !== null && first > 1)
    say(
      broken ? `  It begins with row ${first}.` : `  Rows 1 to ${first - 1} are no longer there: removed by retention.`,
    );
  for (const repair of repairs)
    if (repair.kind === "repaired")
      say(
        `  ${repair.at}: ${repair.bytes} bytes of an unfinished row of ${repair.file} were kept as ${repair.keptAs}.`,
      );
    else say(`  ${repair.at}: it could not be said whether rows at the end were missing.`);
  if (unfinishedBytes > 0)
    say(`  ${unfinishedBytes} bytes at the end are no row: one is being written, or was cut off.`);
  if (how.isCopy && !how.isEndKnown && !broken)
    say("  Whether rows were taken off its end is only seen with --expect and a row noted elsewhere.");
  if (last && !broken) say(`  To prove it again later, note: --expect=${last.n}:${last.hash}`);
}

function readExpected(words: ReadonlySet<string>): ChainEnd | null {
  const text = valueOf(words, "--expect=");
  if (text === undefined) return null;
  const [, n, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n !== undefined && hash !== undefined) return { n: Number(n), hash };
  throw new AppError("invalid_request", `--expect=${text.slice(0, 100)} is not a row`, {
    hint: "Give its number and its hash, 64 digits from 0 to f, as an earlier proof has printed them: --expect=<number>:<hash>.",
  });
}

function valueOf(words: ReadonlySet<string>, name: string): string | undefined {
  return [...words].find((word) => word.startsWith(name))?.slice(name.length);
}
