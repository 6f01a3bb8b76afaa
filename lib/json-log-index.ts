import type { FileHandle } from "node:fs/promises";

import { z } from "zod";

import { errorCode, type Disk } from "./durable-file.ts";
import { indexPath, linesForward, type LogFile } from "./json-log-files.ts";
import type { Logger } from "./logger.ts";

/** What the index of a log knows of an entry. */
export interface IndexEntry {
  /** ISO 8601 UTC. */
  at: string;
  /** What is counted and filtered by, of few different values: "connector:slack". */
  terms: readonly string[];
  /** What single entries are found by: ids. */
  ids: readonly string[];
  /** Numbers to be added up, by name. */
  sums: Readonly<Record<string, number>>;
}

/** Which blocks of a log are worth reading; what stands in them has still to be looked at. */
export interface IndexQuery {
  /** One of each list must be there. */
  terms?: readonly (readonly string[])[];
  /** All of them must be there. */
  ids?: readonly string[];
  /** ISO 8601 UTC, both included. */
  from?: string;
  to?: string;
}

/** Some hundred entries that lie together in a file. */
export interface IndexBlock {
  /** Bytes of the file. */
  readonly from: number;
  to: number;
  rows: number;
  first: string;
  last: string;
  readonly terms: Map<string, number>;
  readonly sums: Map<string, number>;
  /** Bits set by `ids`: never misses one, seldom takes one for there that is not. */
  readonly ids: Uint8Array;
}

/** Rows of a block. */
const blockRows = 256;
/** For three ids a row, ten bits each: one false hit in a hundred. */
const idBits = 8192;
const idHashes = 5;
/** Files whose blocks are kept in memory; each file's lie in `<file>.index` as well. */
const keptFiles = 64;

const storedSchema = z.strictObject({
  from: z.int().min(0),
  to: z.int().min(1),
  rows: z.int().min(0),
  first: z.string(),
  last: z.string(),
  terms: z.record(z.string(), z.number()),
  sums: z.record(z.string(), z.number()),
  ids: z.base64(),
});

export interface LogIndexOptions {
  disk: Disk;
  logger: Logger;
  maxLineBytes: number;
  /** What the index knows of a line, `null` for one that is no entry. */
  read: (line: Buffer) => IndexEntry | null;
}

interface FileBlocks {
  blocks: IndexBlock[];
  /** The block that is being filled; not yet in the file of the index. */
  open: IndexBlock;
}

/**
 * A sparse index of a log: for each block of rows its times, its terms with their numbers and a filter of its ids. Only a
 * help for reading: it is made again from the rows where it is missing or does not fit them.
 */
export class LogIndex {
  readonly #options: LogIndexOptions;
  readonly #files = new Map<number, FileBlocks>();
  readonly #loading = new Map<number, Promise<FileBlocks>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LogIndexOptions) {
    this.#options = options;
  }

  /** A row that is now in the file. */
  add(file: LogFile, from: number, to: number, entry: IndexEntry | null): void {
    let known = this.#files.get(file.number);
    if (!known && from === 0) this.#files.set(file.number, (known = { blocks: [], open: newBlock(0) }));
    // What was not loaded, or was while rows came, is made from the rows when it is asked for.
    if (known?.open.to === from) this.#fill(file, known, to, entry);
    else this.#files.delete(file.number);
  }

  /** All blocks of a file's first `size` bytes, oldest first. */
  async blocks(file: LogFile, size: number): Promise<IndexBlock[]> {
    const known = this.#files.get(file.number) ?? (await this.#load(file, size));
    this.#files.delete(file.number);
    this.#files.set(file.number, known); // those used last are kept
    for (const number of this.#files.keys())
      if (this.#files.size > keptFiles && number !== file.number) this.#files.delete(number);
    return known.open.to > known.open.from ? [...known.blocks, known.open] : known.blocks;
  }

  /** Forgets files that are no more. */
  keepOnly(files: readonly LogFile[]): void {
    for (const known of this.#files.keys())
      if (files.every(({ number }) => number !== known)) this.#files.delete(known);
  }

  /** Waits until finished blocks are in their files. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #fill(file: LogFile, known: FileBlocks, to: number, entry: IndexEntry | null): void {
    const { open } = known;
    open.to = to;
    if (entry) addEntry(open, entry);
    if (open.rows < blockRows) return;
    known.blocks.push(open);
    known.open = newBlock(to);
    this.#save(file, open);
  }

  #save(file: LogFile, block: IndexBlock): void {
    const line = `${JSON.stringify({
      ...block,
      terms: Object.fromEntries(block.terms),
      sums: Object.fromEntries(block.sums),
      ids: Buffer.from(block.ids).toString("base64"),
    })}\n`;
    this.#writing = this.#writing.then(async () => {
      let handle: FileHandle | null = null;
      try {
        handle = await this.#options.disk.open(indexPath(file.path), "a", 0o600);
        await handle.writeFile(line);
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        this.#options.logger.debug("The index of a log could not be written", { file: file.path }); // made again when it is read
      } finally {
        await handle?.close();
      }
    });
  }

  #load(file: LogFile, size: number): Promise<FileBlocks> {
    const running = this.#loading.get(file.number) ?? this.#read(file, size);
    this.#loading.set(file.number, running);
    return running.finally(() => this.#loading.delete(file.number));
  }

  async #read(file: LogFile, size: number): Promise<FileBlocks> {
    await this.#writing;
    const stored = await this.#readStored(file, size);
    const from = stored.at(-1)?.to ?? 0;
    const known: FileBlocks = { blocks: stored, open: newBlock(from) };
    const { disk, maxLineBytes, read } = this.#options;
    try {
      const part = { path: file.path, from, to: size };
      for await (const { lines } of linesForward(disk, part, maxLineBytes))
        for (const { offset, bytes } of lines) this.#fill(file, known, offset + bytes.length + 1, read(bytes));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    this.#files.set(file.number, known);
    return known;
  }

  /** Blocks that follow one another from the first byte on; the rest of a damaged index is dropped and made again. */
  async #readStored(file: LogFile, size: number): Promise<IndexBlock[]> {
    const { disk, maxLineBytes } = this.#options;
    const path = indexPath(file.path);
    const blocks: IndexBlock[] = [];
    let whole = 0;
    try {
      for await (const { lines, unfinished } of linesForward(disk, { path, from: 0, to: Infinity }, maxLineBytes)) {
        for (const { offset, bytes } of lines) {
          const block = readBlock(bytes);
          if (block?.from !== (blocks.at(-1)?.to ?? 0) || block.to > size) return await this.#cut(path, whole, blocks);
          blocks.push(block);
          whole = offset + bytes.length + 1;
        }
        if (unfinished) return await this.#cut(path, whole, blocks);
      }
    } catch (error) {
      if (errorCode(error) === undefined) throw error; // missing or unreadable: made again
    }
    return blocks;
  }

  async #cut(path: string, bytes: number, blocks: IndexBlock[]): Promise<IndexBlock[]> {
    const handle = await this.#options.disk.open(path, "r+");
    try {
      await handle.truncate(bytes);
    } finally {
      await handle.close();
    }
    return blocks;
  }
}

/** Whether a block may hold what is asked for. */
export function mayHold(block: IndexBlock, { terms = [], ids = [], from, to }: IndexQuery): boolean {
  if (block.rows === 0) return false;
  if ((from !== undefined && block.last < from) || (to !== undefined && block.first > to)) return false;
  if (!terms.every((choice) => choice.some((term) => block.terms.has(term)))) return false;
  return ids.every((id) => idPlaces(id).every((place) => ((block.ids[place >> 3] ?? 0) >> (place & 7)) % 2 === 1));
}

function newBlock(from: number): IndexBlock {
  const ids = new Uint8Array(idBits / 8);
  return { from, to: from, rows: 0, first: "", last: "", terms: new Map(), sums: new Map(), ids };
}

function addEntry(block: IndexBlock, { at, terms, ids, sums }: IndexEntry): void {
  block.rows += 1;
  if (block.first === "" || at < block.first) block.first = at;
  if (at > block.last) block.last = at;
  for (const term of terms) block.terms.set(term, (block.terms.get(term) ?? 0) + 1);
  for (const name in sums) block.sums.set(name, (block.sums.get(name) ?? 0) + (sums[name] ?? 0));
  for (const id of ids) {
    const { one, other } = idHashesOf(id);
    for (let round = 0; round < idHashes; round += 1) {
      const place = placeOf(one, other, round);
      block.ids[place >> 3] = (block.ids[place >> 3] ?? 0) | (1 << (place & 7));
    }
  }
}

function idPlaces(id: string): number[] {
  const { one, other } = idHashesOf(id);
  return Array.from({ length: idHashes }, (_, round) => placeOf(one, other, round));
}

/** Two FNV-1a hashes, to be combined. */
function idHashesOf(id: string): { one: number; other: number } {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193) >>> 0;
    other = Math.imul(other ^ unit, 0x85ebca6b) >>> 0;
  }
  return { one, other: other | 1 };
}

function placeOf(one: number, other: number, round: number): number {
  return ((one + Math.imul(round, other)) >>> 0) % idBits;
}

function readBlock(line: Buffer): IndexBlock | null {
  try {
    const parsed = storedSchema.safeParse(JSON.parse(line.toString("utf8")));
    if (!parsed.success || parsed.data.to <= parsed.data.from) return null;
    const { terms, sums, ids, ...rest } = parsed.data;
    const bits = new Uint8Array(Buffer.from(ids, "base64"));
    if (bits.length !== idBits / 8) return null;
    return { ...rest, terms: new Map(Object.entries(terms)), sums: new Map(Object.entries(sums)), ids: bits };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
