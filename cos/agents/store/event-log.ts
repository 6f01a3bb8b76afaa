import { constants } from "node:fs";
import { open, readdir, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { runEventSchema, type RunEvent, type RunEventBody } from "../../../contract/features/run-events.ts";
import { diskError, errorCode, makeFolder, systemDisk } from "../../../lib/durable-file.ts";

const chunkBytes = 1024 * 1024;
const namePattern = /^(\d{9})\.jsonl$/;
const newline = 0x0a;

/** Where in the agent's output an event came from: all before byte `offset`, and `items` things that followed there. */
export interface OutputPosition {
  offset: number;
  items: number;
}

interface Chunk {
  /** Number of its first event. */
  first: number;
  path: string;
}

/** The numbered events of one run, appended to files of about 1 MiB, each named after the number of its first event. */
export class EventLog {
  readonly #folder: string;
  readonly #onWritten: (events: RunEvent[]) => void;
  #handle: FileHandle | null = null;
  #chunkSize = 0;
  #pending: { event: RunEvent; line: string }[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #last: number;
  #written: number;
  #failure: Error | null = null;
  /** Where the output of the agent was read to when the log was opened. */
  readonly position: OutputPosition | null;
  /** What of its output after that was told already, in order: text of which the end was waited for. */
  readonly toldBehind: readonly RunEventBody[];

  private constructor(folder: string, found: Tail, onWritten: (events: RunEvent[]) => void) {
    this.#folder = folder;
    this.#onWritten = onWritten;
    this.#last = found.last;
    this.#written = found.last;
    this.position = found.position;
    this.toldBehind = found.behind;
  }

  /** Opens the log of a folder; a line that was torn by a crash is cut off, and its number is given again. */
  static async open(folder: string, onWritten: (events: RunEvent[]) => void): Promise<EventLog> {
    await makeFolder(systemDisk, folder);
    return new EventLog(folder, await mendTail(folder), onWritten);
  }

  /** Number of the last event given out. */
  get last(): number {
    return this.#last;
  }

  /** Number of the last event that is in the file. */
  get written(): number {
    return this.#written;
  }

  append(at: string, body: RunEventBody, position: OutputPosition | null = null): void {
    this.#last += 1;
    const event = { number: this.#last, at, body };
    const line = JSON.stringify(position === null ? event : { ...event, position });
    this.#pending.push({ event, line });
    this.#startWriting();
  }

  /** Resolves when everything appended so far is in the file; rejects when the disk refused it, which is then kept for the next time. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) this.#startWriting();
    while (this.#isWriting) await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  #startWriting(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#drain();
  }

  /** Flushes, makes it durable and closes the file. */
  async close(): Promise<void> {
    await this.flush();
    const handle = this.#handle;
    this.#handle = null;
    if (!handle) return;
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async #drain(): Promise<void> {
    // What comes in the same turn of the loop goes into one write.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#write(batch);
        this.#failure = null;
      } catch (error) {
        this.#failure = diskError(error, this.#folder);
        const written = this.#written;
        this.#pending = [...batch.filter(({ event }) => event.number > written), ...this.#pending];
        await this.#dropTorn();
        break;
      }
    }
    this.#isWriting = false;
  }

  /** What a full disk left of a line must not stand before the next one. */
  async #dropTorn(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    try {
      await handle?.truncate(this.#chunkSize);
      await handle?.close();
    } catch {
      return; // the disk refuses that, too: the next opening mends the end
    }
  }

  async #write(batch: { event: RunEvent; line: string }[]): Promise<void> {
    for (let at = 0; at < batch.length;) {
      if (this.#handle !== null && this.#chunkSize >= chunkBytes) {
        await this.#handle.close();
        this.#handle = null;
      }
      this.#handle ??= await this.#openChunk(batch[at]?.event.number ?? 1);
      let text = "";
      const events: RunEvent[] = [];
      for (; at < batch.length && this.#chunkSize + text.length < chunkBytes; at += 1) {
        const entry = batch[at];
        if (!entry) break;
        text += `${entry.line}\n`;
        events.push(entry.event);
      }
      const bytes = Buffer.from(text);
      await this.#handle.appendFile(bytes);
      this.#chunkSize += bytes.length;
      this.#written = events.at(-1)?.number ?? this.#written;
      this.#onWritten(events);
    }
  }

  async #openChunk(number: number): Promise<FileHandle> {
    const newest = (await listChunks(this.#folder)).at(-1);
    if (newest) {
      const handle = await open(newest.path, constants.O_WRONLY | constants.O_APPEND);
      const { size } = await handle.stat();
      if (size < chunkBytes && number >= newest.first) {
        this.#chunkSize = size;
        return handle;
      }
      await handle.close();
    }
    this.#chunkSize = 0;
    return open(join(this.#folder, `${String(number).padStart(9, "0")}.jsonl`), "a", 0o600);
  }
}

/** Most bytes of events handed out at once; at least one event is. */
const mostReadBytes = 4 * 1024 * 1024;

/** Events after a number, oldest first, fewer than asked for when they are large; what is being written just now is left out. */
export async function readEvents(folder: string, after: number, limit: number): Promise<RunEvent[]> {
  const chunks = await listChunks(folder);
  const start = Math.max(
    0,
    chunks.findLastIndex(({ first }) => first <= after + 1),
  );
  const events: RunEvent[] = [];
  let size = 0;
  for (const { first, path } of chunks.slice(start)) {
    const lines = (await readFile(path, "utf8")).split("\n");
    lines.pop(); // what follows the last line end is torn, or nothing
    for (const line of lines.slice(Math.max(0, after + 1 - first))) {
      const event = parseLine(line)?.event;
      if (event === undefined) return events;
      if (event.number <= after) continue;
      events.push(event);
      size += line.length;
      if (events.length === limit || size > mostReadBytes) return events;
    }
  }
  return events;
}

async function listChunks(folder: string): Promise<Chunk[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const first = namePattern.exec(name)?.[1];
      return first === undefined ? [] : [{ first: Number(first), path: join(folder, name) }];
    })
    .toSorted((one, other) => one.first - other.first);
}

interface Tail {
  last: number;
  position: OutputPosition | null;
  /** Events after the one with that position. */
  behind: RunEventBody[];
}

/** Cuts what a crash has torn off the newest file and tells the last number. */
async function mendTail(folder: string): Promise<Tail> {
  const chunk = (await listChunks(folder)).at(-1);
  if (!chunk) return { last: 0, position: null, behind: [] };
  const bytes = await readFile(chunk.path);
  let end = bytes.lastIndexOf(newline) + 1;
  let tail: Tail = { last: chunk.first - 1, position: null, behind: [] };
  let hasLast = false;
  let cut = end;
  while (end > 0) {
    const start = bytes.lastIndexOf(newline, end - 2) + 1;
    const parsed = parseLine(bytes.toString("utf8", start, end - 1));
    if (!hasLast && parsed === null) cut = start;
    else if (!hasLast && parsed) {
      hasLast = true;
      tail = { ...tail, last: parsed.event.number, position: parsed.position };
    } else if (parsed?.position) tail = { ...tail, position: parsed.position };
    // Positions before the beginning of an attempt are places in another output.
    if (tail.position !== null || parsed?.event.body.kind === "attempt") break;
    if (parsed !== null) tail.behind.unshift(parsed.event.body);
    end = start;
  }
  if (cut < bytes.length) {
    const handle = await open(chunk.path, "r+");
    try {
      await handle.truncate(cut);
    } finally {
      await handle.close();
    }
  }
  return tail;
}

function parseLine(line: string): { event: RunEvent; position: OutputPosition | null } | null {
  try {
    const { position, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const event = runEventSchema.safeParse(rest);
    return event.success ? { event: event.data, position: readPosition(position) } : null;
  } catch {
    return null; // torn
  }
}

function readPosition(value: unknown): OutputPosition | null {
  if (typeof value !== "object" || value === null) return null;
  const { offset, items } = value as Partial<OutputPosition>;
  return typeof offset === "number" && typeof items === "number" ? { offset, items } : null;
}
