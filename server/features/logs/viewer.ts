import type { LogNotice, LogPage } from "../../../contract/features/logs.ts";
import type { Logger } from "../../../lib/logger.ts";
import { formatCursor } from "./cursor.ts";
import type { FolderWatch } from "./folder-watch.ts";
import type { LineMatcher } from "./line-matcher.ts";
import type { CatalogStream } from "./log-catalog.ts";
import { toBatch, type PlacedLine } from "./read-page.ts";
import type { StreamTail } from "./stream-tail.ts";

/** What one viewer is sent; `cursor` is where all of its streams go on afterwards. */
export interface ViewerEvent extends Pick<LogPage, "files" | "lines"> {
  sequence: number;
  cursor: string | null;
}

export interface ViewerOptions {
  tails: { stream: CatalogStream; tail: StreamTail }[];
  matcher: LineMatcher | null;
  watch: FolderWatch;
  logger: Logger;
  onLines(event: ViewerEvent): void;
  onNotice(notice: LogNotice): void;
}

/** One viewer of live logs. Lines come in batches; without acknowledgements no more than a window of them is sent. */
export interface Viewer {
  start(): void;
  /** The viewer has everything up to this event. */
  acknowledge(sequence: number): void;
  close(): Promise<void>;
}

/** Time over which lines are gathered into one event. */
const batchMs = 30;
/** Files are looked at this often even when the system reports no change. */
const pollMs = 1_000;
const windowBytes = 4 * 1024 * 1024;
const lineOverheadBytes = 120;

/** A viewer of the given tails, which it owns. */
export function createViewer({ tails, matcher, watch, logger, onLines, onNotice }: ViewerOptions): Viewer {
  const unacknowledged = new Map<number, number>();
  const stops: (() => void)[] = [];
  let sentBytes = 0;
  let sequence = 0;
  let timer: NodeJS.Timeout | undefined;
  let pumping: Promise<void> | null = null;
  let isAgain = false;
  let isClosed = false;
  let lastPumpAt = 0;

  function wake(inMs = Math.max(4, batchMs - (performance.now() - lastPumpAt))): void {
    if (isClosed || timer) return;
    if (pumping) {
      isAgain = true;
      return;
    }
    timer = setTimeout(run, inMs);
  }

  function run(): void {
    timer = undefined;
    pumping = pump()
      .catch((error: unknown) => {
        logger.error("A live tail failed and will try again", {}, error);
      })
      .finally(() => {
        pumping = null;
        lastPumpAt = performance.now();
        if (isAgain) {
          isAgain = false;
          wake();
        }
      });
  }

  const isOpen = (): boolean => !isClosed && sentBytes < windowBytes;

  async function pump(): Promise<void> {
    let hasMore = true;
    let againInMs: number | null = null;
    while (hasMore && isOpen()) {
      const reads = await Promise.all(tails.map(async ({ stream, tail }) => ({ stream, read: await tail.read() })));
      hasMore = reads.some(({ read }) => read.hasMore);
      for (const { read } of reads) {
        for (const notice of read.notices) onNotice(notice);
        if (read.againInMs !== null) againInMs = Math.min(againInMs ?? Infinity, read.againInMs);
      }
      const lines = reads.flatMap(({ stream, read: { file, lines: found } }): PlacedLine[] =>
        file ? found.map((line) => ({ ...line, streamId: stream.id, fileId: file.id })) : [],
      );
      if (tails.length > 1) lines.sort((a, b) => a.sortTime - b.sortTime);
      send(matcher ? lines.filter((line) => matcher.matches(line)) : lines);
    }
    if (againInMs !== null && !isClosed) {
      const delay = againInMs;
      setTimeout(() => {
        wake(0);
      }, delay).unref();
    }
  }

  function send(lines: PlacedLine[]): void {
    if (lines.length === 0 || isClosed) return;
    const bytes = lines.reduce((sum, { text }) => sum + text.length + lineOverheadBytes, 0);
    sequence += 1;
    sentBytes += bytes;
    unacknowledged.set(sequence, bytes);
    const positions = tails.flatMap(({ tail }) => tail.position() ?? []);
    onLines({ sequence, ...toBatch(lines), cursor: formatCursor(positions) });
  }

  return {
    start() {
      for (const { stream } of tails)
        stops.push(
          watch.follow(stream.path, () => {
            wake();
          }),
        );
      const poll = setInterval(() => {
        wake();
      }, pollMs).unref();
      stops.push(() => {
        clearInterval(poll);
      });
      wake(0);
    },
    acknowledge(upTo) {
      for (const [number, bytes] of unacknowledged) {
        if (number > upTo) break;
        unacknowledged.delete(number);
        sentBytes -= bytes;
      }
      wake(0);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      for (const stop of stops) stop();
      await pumping;
      await Promise.all(tails.map(({ tail }) => tail.close()));
    },
  };
}
