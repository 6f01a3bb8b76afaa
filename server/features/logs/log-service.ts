import { randomBytes } from "node:crypto";

import type { Input, RawReply, Reply } from "../../../contract/endpoint.ts";
import type { LogNotice, LogPage, LogRetention, logsEndpoints } from "../../../contract/features/logs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { formatCursor } from "./cursor.ts";
import { downloadLog } from "./download-log.ts";
import { createFolderWatch } from "./folder-watch.ts";
import type { GzSpool } from "./gz-spool.ts";
import { createLineMatcher } from "./line-matcher.ts";
import { toStream, type LogCatalog } from "./log-catalog.ts";
import { listLogFiles } from "./log-files.ts";
import { newestPlaces, placesBefore } from "./log-places.ts";
import type { LogRotator } from "./log-rotator.ts";
import { readLines, readWholeLine } from "./read-lines.ts";
import { readBefore, toBatch } from "./read-page.ts";
import { firstScreen, resumedScreen } from "./start-view.ts";
import { createStreamTail } from "./stream-tail.ts";
import { createViewer, type Viewer, type ViewerEvent } from "./viewer.ts";

type Body<K extends "lines" | "search"> = Input<(typeof logsEndpoints)[K]>["body"];
type Query<K extends "line" | "download"> = Input<(typeof logsEndpoints)[K]>["query"];
type ReplyOf<K extends keyof typeof logsEndpoints> = Reply<(typeof logsEndpoints)[K]>;

/** What a viewer asks for: the fields of the channel's `subscribe`. */
export interface ViewRequest {
  sources: string[];
  from?: string | undefined;
  tail: number;
  filter?: Body<"search">["filter"] | undefined;
}

/** Where a viewer's events go. */
export interface ViewListener {
  onLines(event: ViewerEvent): void;
  onNotice(notice: LogNotice): void;
}

export interface LogService {
  sources(): Promise<ReplyOf<"sources">>;
  lines(body: Body<"lines">, signal: AbortSignal): Promise<ReplyOf<"lines">>;
  line(query: Query<"line">): Promise<ReplyOf<"line">>;
  search(body: Body<"search">, signal: AbortSignal): Promise<ReplyOf<"search">>;
  download(query: Query<"download">): Promise<RawReply>;
  retention(): ReplyOf<"retention">;
  rotate(): Promise<ReplyOf<"rotate">>;
  /** The first screen, and a viewer that carries on exactly after it once it is started. */
  view(request: ViewRequest, listener: ViewListener): Promise<{ id: string; page: LogPage; viewer: Viewer }>;
}

export interface LogServiceOptions {
  catalog: LogCatalog;
  spool: GzSpool;
  rotator: LogRotator;
  retention: () => LogRetention;
  redact: (text: string) => string;
  clock: Clock;
  logger: Logger;
}

const pageBudgetMs = 2_000;
const searchBlockBytes = 1024 * 1024;

/** Reads, tails and searches the logs of the catalogue. */
export function createLogService(options: LogServiceOptions): LogService {
  const { catalog, spool, rotator, retention, redact, clock, logger } = options;
  const watch = createFolderWatch();

  async function search({ sources, filter, before, limit, budgetMs }: Body<"search">, signal: AbortSignal) {
    const streams = await catalog.streams(sources);
    const matcher = await createLineMatcher(filter);
    if (!matcher) throw new AppError("invalid_request", "There is nothing to search for");
    const { places } = before === undefined ? await newestPlaces(streams) : await placesBefore(streams, before, spool);
    const problems: string[] = [];
    const page = await readBefore({
      places,
      limit,
      matcher,
      budgetMs,
      spool,
      redact,
      signal,
      blockSize: searchBlockBytes,
      onProblem: (file, error) => {
        problems.push(`${file.name}: ${error instanceof AppError ? error.message : "could not be read"}`);
      },
    });
    const { files, lines } = toBatch(page.lines);
    return {
      files,
      streams: streams.map(toStream),
      hits: page.lines.flatMap((source, index) => {
        const line = lines[index];
        return line ? [{ ...line, ranges: matcher.ranges(source) }] : [];
      }),
      before: page.isDone ? null : formatCursor(page.positions),
      scannedBytes: page.scannedBytes,
      remainingBytes: page.isDone ? 0 : page.remainingBytes,
      problems,
    };
  }

  async function download({ source, stream, file, format }: Query<"download">) {
    const found = (await catalog.streams([source])).find(({ id }) => id === stream);
    const files = found ? (await listLogFiles(found.path)).filter(({ id }) => file === undefined || id === file) : [];
    if (!found || files.length === 0) throw new AppError("not_found", "This log file is not there any more");
    const output = found.output === "both" ? "" : `-${found.output}`;
    const name = `${source.slice(source.indexOf("/") + 1)}${output}`;
    return downloadLog({ files: files.toReversed(), name, format, spool, redact });
  }

  async function view(request: ViewRequest, listener: ViewListener) {
    const streams = await catalog.streams(request.sources);
    const matcher = await createLineMatcher(request.filter);
    const { page, starts } =
      request.from === undefined
        ? await firstScreen(streams, request.tail, { matcher, budgetMs: pageBudgetMs, spool, redact })
        : await resumedScreen(streams, request.from, spool);
    const tails = streams.map((stream) => ({
      stream,
      tail: createStreamTail({ stream, spool, redact, clock, from: starts.get(stream.id) }),
    }));
    const viewer = createViewer({ tails, matcher, watch, logger, ...listener });
    return { id: randomBytes(9).toString("hex"), page, viewer };
  }

  return {
    sources: () => catalog.describe(),
    async lines({ sources, at, limit, filter }, signal) {
      const streams = await catalog.streams(sources);
      const matcher = await createLineMatcher(filter);
      return readLines(streams, at, { matcher, limit, budgetMs: pageBudgetMs, spool, redact, signal });
    },
    line: async ({ source, id }) => readWholeLine(await catalog.streams([source]), id, spool, redact),
    search,
    download,
    retention: () => ({ retention: retention(), last: rotator.last() }),
    rotate: () => rotator.run(),
    view,
  };
}
