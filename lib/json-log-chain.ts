import { hash as hashOf } from "node:crypto";

import { z } from "zod";

/** The last row of a chain: its running number and its hash; number 0 stands before the first row. */
export interface ChainEnd {
  readonly n: number;
  /** SHA-256, 64 lower-case hex digits. */
  readonly hash: string;
}

/** Where every chain begins. */
export const chainStart: ChainEnd = { n: 0, hash: "0".repeat(64) };

const fileEnd = z.strictObject({ file: z.string(), n: z.int(), hash: z.string() });

/** What a chain says about itself, in rows of its own between those of its user. */
export const chainRowSchema = z.discriminatedUnion("kind", [
  /** First row of every file: renamed or exchanged files are noticed by it. */
  z.strictObject({ kind: z.literal("begin"), at: z.iso.datetime(), file: z.string() }),
  /** Written before files are removed; each with its last row, so that what is left can still be proved. */
  z.strictObject({ kind: z.literal("pruned"), at: z.iso.datetime(), files: z.array(fileEnd) }),
  /** An unfinished last row, as a crash leaves it, was kept aside; it was never acknowledged. */
  z.strictObject({
    kind: z.literal("repaired"),
    at: z.iso.datetime(),
    file: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    keptAs: z.string(),
  }),
  /** The note of the end of the chain was gone or unreadable: nobody can say whether rows at the end are missing. */
  z.strictObject({ kind: z.literal("note_missing"), at: z.iso.datetime() }),
]);
export type ChainRow = z.infer<typeof chainRowSchema>;

/** Names a row of a chained log may not use. */
export const chainKeys: readonly string[] = ["n", "chain", "prev", "hash"];

/** Name of the note of the end, beside the files of the log. */
export const chainNoteName = "chain.json";

/** Bytes after those the hash is made of: `,"hash":"<64 digits>"}`. */
const hashPartLength = 75;
/** Bytes before them: `,"prev":"<64 digits>"`. */
const prevPartLength = 74;

/** 64 lower-case hex digits. */
export function sha256(data: string | Uint8Array): string {
  return hashOf("sha256", data, "hex");
}

/**
 * A line of the chain: the object's JSON with its number in front and, last, the hash of the row before it and its own,
 * which is that of all bytes of the line before `,"hash"`. So a chain is proved from its bytes alone, without parsing.
 */
export function sealRow(json: string, after: ChainEnd): { line: string; end: ChainEnd } {
  const n = after.n + 1;
  const hashed = `{"n":${n},${json.slice(1, -1)},"prev":"${after.hash}"`;
  const hash = sha256(hashed);
  return { line: `${hashed},"hash":"${hash}"}\n`, end: { n, hash } };
}

/** What a line (without its line end) says of its place in the chain. */
export interface ChainLink extends ChainEnd {
  readonly prev: string;
  /** Whether the hash is that of the line's bytes. */
  readonly isSealed: boolean;
}

/** `null` for a line that is no row of a chain. */
export function readLink(line: Buffer): ChainLink | null {
  const hashedLength = line.length - hashPartLength;
  if (hashedLength < prevPartLength) return null;
  const end = line.toString("latin1", hashedLength - prevPartLength);
  if (!end.startsWith(',"prev":"') || !end.startsWith('","hash":"', 73) || !end.endsWith('"}')) return null;
  const n = readNumber(line);
  if (n === null) return null;
  const hash = end.slice(83, 147);
  return { n, prev: end.slice(9, 73), hash, isSealed: sha256(line.subarray(0, hashedLength)) === hash };
}

/** Whether a line is one the chain has written about itself. */
export function isChainRow(line: Buffer): boolean {
  const at = line.indexOf(0x2c); // the comma after the number
  if (at <= 0 || at >= 24 || line[at + 2] !== 0x63) return false; // most rows are none: seen without making a text
  return line.toString("latin1", at, at + 10) === ',"chain":{';
}

/** The content of a row for which `isChainRow` holds, `null` when it is not one this version knows. */
export function readChainRow(line: Buffer): ChainRow | null {
  try {
    const parsed = z.object({ chain: chainRowSchema }).safeParse(JSON.parse(line.toString("utf8")));
    return parsed.success ? parsed.data.chain : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const noteSchema = z.strictObject({ n: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) });

/** Always as long, so that it can be written over in place. */
export function formatNote({ n, hash }: ChainEnd): string {
  return `${JSON.stringify({ n, hash }).padEnd(99)}\n`;
}

/** `null` unless it is exactly what `formatNote` writes. */
export function readNote(text: string): ChainEnd | null {
  try {
    const parsed = noteSchema.safeParse(JSON.parse(text));
    return parsed.success && formatNote(parsed.data) === text ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** `{"n":<digits>,` */
function readNumber(line: Buffer): number | null {
  if (line.toString("latin1", 0, 5) !== '{"n":') return null;
  let n = 0;
  for (let at = 5; at < 21; at += 1) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return line[at] === 0x2c && at > 5 ? n : null;
    n = n * 10 + digit;
  }
  return null;
}
