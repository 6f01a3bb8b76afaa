import type { LogBatch, LogLevelName, LogNotice } from "../../../../contract/features/logs.ts";

/** One line in memory. `id` names it for good: stream, file and byte offset. */
export interface WindowLine {
  readonly id: string;
  readonly stream: string;
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly time: number | null;
  readonly level: LogLevelName;
  readonly text: string;
  readonly isContinuation: boolean;
  readonly isOpen: boolean;
  readonly cutBytes: number;
  /** Not a line of the file: something happened here. */
  readonly notice?: LogNotice;
}

/**
 * The part of the logs that is in memory: an unbroken run of lines. It is bounded; what falls out at one end can be read
 * again from the file, from the places the window keeps for both ends.
 */
export interface LogWindow {
  readonly lines: readonly WindowLine[];
  /** Number of the first line; lines keep their numbers while others come and go around them. */
  readonly firstNumber: number;
  /** Grows with every change. */
  readonly version: number;
  /** Where older lines are read; `null` when there are none. */
  before(): string | null;
  /** Where newer lines are read. */
  after(): string | null;
  reset(batch: LogBatch, before: string | null, after: string | null): void;
  /** Adds newer lines; the oldest make room for them. `after` is the place after them. */
  append(batch: LogBatch, after: string | null): void;
  addNotice(notice: LogNotice): void;
  /** Adds older lines; the newest make room for them. True when some had to go. */
  prepend(batch: LogBatch, before: string | null): boolean;
  indexOf(id: string): number;
  isFull(): boolean;
}

/** An empty window of at most `maxLines` lines and `maxChars` characters. */
export function createLogWindow({ maxLines = 20_000, maxChars = 12_000_000 } = {}): LogWindow {
  let lines: WindowLine[] = [];
  let firstNumber = 0;
  let version = 0;
  let chars = 0;
  let notices = 0;
  let before = new Map<string, string>();
  let after = new Map<string, string>();

  const slack = Math.ceil(maxLines / 20);
  const isOver = (by: number): boolean => lines.length > maxLines + by || chars > maxChars;

  function dropOldest(): void {
    if (!isOver(slack)) return;
    let count = 0;
    while (count < lines.length - 1 && (lines.length - count > maxLines || chars > maxChars)) {
      const line = lines[count];
      if (line && !line.notice) before.set(line.stream, placeOf(line, line.offset + line.bytes));
      chars -= line?.text.length ?? 0;
      count += 1;
    }
    lines.splice(0, count);
    firstNumber += count;
  }

  function dropNewest(): boolean {
    if (!isOver(slack)) return false;
    while (lines.length > 1 && (lines.length > maxLines || chars > maxChars)) {
      const line = lines.pop();
      if (line && !line.notice) after.set(line.stream, placeOf(line, line.offset));
      chars -= line?.text.length ?? 0;
    }
    return true;
  }

  function add(line: WindowLine): void {
    const at = lines.length - 1 - openDistance(lines, line.id);
    const open = lines[at];
    if (open?.id === line.id) {
      chars += line.text.length - open.text.length;
      lines[at] = line;
    } else {
      lines.push(line);
      chars += line.text.length;
    }
  }

  return {
    get lines() {
      return lines;
    },
    get firstNumber() {
      return firstNumber;
    },
    get version() {
      return version;
    },
    before: () => joinPlaces(before),
    after: () => joinPlaces(after),
    reset(batch, beforeCursor, afterCursor) {
      lines = toLines(batch);
      firstNumber = 0;
      chars = lines.reduce((sum, { text }) => sum + text.length, 0);
      before = splitPlaces(beforeCursor);
      after = splitPlaces(afterCursor);
      version += 1;
    },
    append(batch, afterCursor) {
      for (const line of toLines(batch)) add(line);
      if (afterCursor !== null) after = splitPlaces(afterCursor);
      dropOldest();
      version += 1;
    },
    addNotice(notice) {
      notices += 1;
      lines.push(noticeLine(notice, `notice:${String(notices)}`));
      version += 1;
    },
    prepend(batch, beforeCursor) {
      const older = toLines(batch);
      lines = [...older, ...lines];
      firstNumber -= older.length;
      chars += older.reduce((sum, { text }) => sum + text.length, 0);
      before = splitPlaces(beforeCursor);
      version += 1;
      return dropNewest();
    },
    indexOf: (id) => lines.findIndex((line) => line.id === id),
    isFull: () => isOver(0),
  };
}

/** How far from the end the unfinished form of a line is; a stream has one at most, near the end. */
function openDistance(lines: readonly WindowLine[], id: string): number {
  for (let distance = 0; distance < Math.min(200, lines.length); distance += 1) {
    const line = lines[lines.length - 1 - distance];
    if (line?.isOpen && line.id === id) return distance;
  }
  return -1;
}

function toLines({ files, lines }: LogBatch): WindowLine[] {
  return lines.map((line) => {
    const { stream, file } = files[line.file] ?? { stream: "", file: "" };
    return {
      id: `${stream}:${file}:${String(line.offset)}`,
      stream,
      file,
      offset: line.offset,
      bytes: line.bytes,
      time: line.time,
      level: line.level,
      text: line.text,
      isContinuation: line.isContinuation === true,
      isOpen: line.isOpen === true,
      cutBytes: line.cutBytes ?? 0,
    };
  });
}

function noticeLine(notice: LogNotice, id: string): WindowLine {
  return {
    id,
    stream: notice.stream,
    file: "",
    offset: 0,
    bytes: 0,
    time: null,
    level: "other",
    text: "",
    isContinuation: false,
    isOpen: false,
    cutBytes: 0,
    notice,
  };
}

function placeOf({ stream, file }: WindowLine, offset: number): string {
  return `${stream}:${file}:${String(offset)}`;
}

function splitPlaces(cursor: string | null): Map<string, string> {
  if (cursor === null) return new Map();
  return new Map(cursor.split(",").map((place) => [place.slice(0, place.indexOf(":")), place]));
}

function joinPlaces(places: ReadonlyMap<string, string>): string | null {
  return places.size === 0 ? null : [...places.values()].join(",");
}
