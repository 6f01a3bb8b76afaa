import { z } from "zod";

import { defineChannel } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";

/** How a line ranks; `other` is a line that does not say. */
export const logLevels = ["error", "warn", "info", "debug", "other"] as const;
export type LogLevelName = (typeof logLevels)[number];

/** "<home>/<process name>": every PM2 process of that name, in that PM2 home, is one source. */
export const logSourceIdSchema = z
  .string()
  .regex(/^(?:portos|user)\/[^\0]{1,200}$/, "must be portos/<process> or user/<process>");
const sourceIds = z.array(logSourceIdSchema).min(1).max(32);

const streamId = "[0-9a-f]{12}";
const fileId = "[a-z0-9]{1,20}-[a-z0-9]{1,20}";

/** Names one line for good: "<stream>:<file>:<byte offset>". It outlives rotation, as long as the file is kept. */
export const logLineIdSchema = z
  .string()
  .regex(new RegExp(`^${streamId}:${fileId}:\\d{1,16}$`), "must be the id of a line");

const place = `${streamId}:${fileId}:\\d{1,16}(?::[0-9a-f]{8})?`;

/**
 * A place in one or several streams, "<stream>:<file>:<byte offset>:<check>" joined by commas. `check` is a digest of
 * the bytes before the place, so that a truncated or replaced file is noticed instead of read from a wrong place; it
 * may be left out in a place made from a line id.
 */
export const logCursorSchema = z
  .string()
  .max(8_000)
  .regex(new RegExp(`^${place}(?:,${place}){0,63}$`), "must be a cursor of an earlier reply");

/** One log file with its rotated predecessors; a process that writes both outputs into one file has one stream. */
export const logStreamSchema = z.strictObject({
  id: z.string().regex(new RegExp(`^${streamId}$`)),
  sourceId: logSourceIdSchema,
  output: z.enum(["out", "err", "both"]),
});
export type LogStream = z.output<typeof logStreamSchema>;

/** One line. `file` is an index into the `files` beside it; `text` has no time prefix, is redacted and keeps ANSI codes. */
export const logLineSchema = z.strictObject({
  file: z.int().min(0),
  /** Where the line starts in its (uncompressed) file, in bytes. */
  offset: z.int().min(0),
  /** Bytes of the line in its file, its line end included. */
  bytes: z.int().min(0),
  /** Milliseconds since 1970 when the line carries a time. */
  time: z.number().nullable(),
  level: z.enum(logLevels),
  text: z.string(),
  /** Belongs to the line above: a stack frame, an indented detail. */
  isContinuation: z.literal(true).optional(),
  /** Its line end has not been written yet; the line comes again, under the same id, when more of it is there. */
  isOpen: z.literal(true).optional(),
  /** Bytes left out of `text`, because the line is huge. */
  cutBytes: z.int().min(1).optional(),
});
export type LogLine = z.output<typeof logLineSchema>;

const lineBatch = {
  files: z.array(z.strictObject({ stream: z.string(), file: z.string() })),
  lines: z.array(logLineSchema),
};
export const logBatchSchema = z.strictObject(lineBatch);
export type LogBatch = z.output<typeof logBatchSchema>;

/** What happened to a file while it was read; `skippedBytes` of a viewer that could not keep up can be read by `lines`. */
export const logNoticeSchema = z.strictObject({
  stream: z.string(),
  kind: z.enum(["rotated", "truncated", "vanished", "appeared", "skipped"]),
  skippedLines: z.int().min(0).nullable().optional(),
  skippedBytes: z.int().min(0).optional(),
  /** Where the skipped part starts. */
  from: logCursorSchema.optional(),
});
export type LogNotice = z.output<typeof logNoticeSchema>;

/** Which lines to keep. A regular expression has RE2 syntax: no look-around, no back references, linear time. */
export const logFilterSchema = z.strictObject({
  text: z.string().max(500).default(""),
  isRegex: z.boolean().default(false),
  isCaseSensitive: z.boolean().default(false),
  levels: z.array(z.enum(logLevels)).max(logLevels.length).default([]),
});
export type LogFilter = z.output<typeof logFilterSchema>;

const logFileSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  stream: z.string(),
  /** Bytes on the disk. */
  sizeBytes: z.int().min(0),
  modifiedAt: z.iso.datetime(),
  isRotated: z.boolean(),
  isCompressed: z.boolean(),
});

export const logSourceSchema = z.strictObject({
  id: logSourceIdSchema,
  home: z.enum(["portos", "user"]),
  name: z.string(),
  namespace: z.string(),
  /**
   * `file`: written by PortOS about something it runs without PM2, as Chrome. `deleted`: what is left of an app that has
   * been deleted, until it is as old as logs may become.
   */
  kind: z.enum(["process", "file", "deleted"]),
  /** `unknown`: its log files are there, but PM2 does not run it now. */
  status: z.enum(["online", "launching", "stopping", "stopped", "errored", "waiting", "unknown"]),
  pmIds: z.array(z.int()),
  streams: z.array(logStreamSchema),
  files: z.array(logFileSchema),
  totalBytes: z.int().min(0),
});
export type LogSource = z.output<typeof logSourceSchema>;

const pageSchema = z.strictObject({
  ...lineBatch,
  streams: z.array(logStreamSchema),
  /** Where the page starts and ends; `null` in `before` when nothing older exists. */
  before: logCursorSchema.nullable(),
  after: logCursorSchema.nullable(),
  /** The newest end of the files has been reached. */
  isAtEnd: z.boolean(),
  /** The time allowed ran out before the page was full; ask again from its cursor. */
  isPartial: z.boolean(),
  notices: z.array(logNoticeSchema),
});
export type LogPage = z.output<typeof pageSchema>;

const searchHitSchema = z.strictObject({
  ...logLineSchema.shape,
  /** Matches as [start, end) positions in `text` without its ANSI codes. */
  ranges: z.array(z.tuple([z.int(), z.int()])).max(50),
});
export type LogSearchHit = z.output<typeof searchHitSchema>;

/** How the logs of our own processes and of the apps PortOS starts are rotated and kept. */
export const logRetentionSchema = z.strictObject({
  /** A file that has grown beyond this is rotated. */
  maxFileBytes: z
    .int()
    .min(64 * 1024)
    .max(4 * 1024 ** 3)
    .default(20 * 1024 * 1024),
  /** A file older than this is rotated, whatever its size. */
  maxFileAgeHours: z.int().min(1).max(8_760).default(168),
  /** Rotated files kept per log. */
  keepFiles: z.int().min(1).max(200).default(10),
  /** Rotated files older than this are removed. */
  keepDays: z.int().min(1).max(3_650).default(30),
  /** All log files together; the oldest rotated files go first. */
  maxTotalBytes: z
    .int()
    .min(1024 * 1024)
    .max(1024 ** 4)
    .default(2 * 1024 ** 3),
});
export type LogRetention = z.output<typeof logRetentionSchema>;

const rotationSchema = z.strictObject({
  ranAt: z.iso.datetime(),
  rotated: z.array(z.string()),
  compressed: z.array(z.string()),
  removed: z.array(z.string()),
  problems: z.array(z.string()),
  totalBytes: z.int().min(0),
});
export type LogRotation = z.output<typeof rotationSchema>;

const direction = z.union([
  z.strictObject({ before: logCursorSchema.optional() }),
  z.strictObject({ after: logCursorSchema }),
  z.strictObject({ around: logLineIdSchema }),
]);

/** Reading, searching and keeping log files. Files are named by source and id, never by path. */
export const logsEndpoints = defineEndpoints({
  sources: {
    method: "GET",
    path: "/api/logs/sources",
    summary: "List processes that have logs",
    reply: z.array(logSourceSchema),
    audit: "none",
  },
  lines: {
    method: "POST",
    path: "/api/logs/lines",
    summary: "Read log lines before, after or around a place",
    body: z.strictObject({
      sources: sourceIds,
      at: direction.default({}),
      limit: z.int().min(1).max(2_000).default(500),
      filter: logFilterSchema.optional(),
    }),
    reply: pageSchema,
    audit: "none",
  },
  line: {
    method: "GET",
    path: "/api/logs/line",
    summary: "Read one log line in full",
    query: z.strictObject({ source: logSourceIdSchema, id: logLineIdSchema }),
    reply: z.strictObject({ text: z.string(), bytes: z.int(), isCut: z.boolean() }),
    audit: "none",
  },
  search: {
    method: "POST",
    path: "/api/logs/search",
    summary: "Search log files from newest to oldest",
    body: z.strictObject({
      sources: sourceIds,
      filter: logFilterSchema,
      before: logCursorSchema.optional(),
      limit: z.int().min(1).max(1_000).default(200),
      /** The call answers after this long with what it has; `before` carries on from there. */
      budgetMs: z.int().min(50).max(10_000).default(700),
    }),
    reply: z.strictObject({
      files: lineBatch.files,
      streams: z.array(logStreamSchema),
      hits: z.array(searchHitSchema),
      /** Where to go on; `null` when everything has been searched. */
      before: logCursorSchema.nullable(),
      scannedBytes: z.int().min(0),
      remainingBytes: z.int().min(0),
      /** Files that could not be searched, with the reason. */
      problems: z.array(z.string()),
    }),
    audit: "none",
  },
  download: {
    method: "GET",
    path: "/api/logs/download",
    summary: "Download a log file",
    query: z.strictObject({
      source: logSourceIdSchema,
      stream: z.string().regex(new RegExp(`^${streamId}$`)),
      /** One file; without it every file of the stream, oldest first. */
      file: z
        .string()
        .regex(new RegExp(`^${fileId}$`))
        .optional(),
      /** `raw`: the bytes of the file. `plain`: without ANSI codes and secrets. */
      format: z.enum(["raw", "plain"]).default("plain"),
    }),
    reply: { raw: "text/plain" },
    audit: "read",
  },
  retention: {
    method: "GET",
    path: "/api/logs/retention",
    summary: "Show how logs are kept and the last rotation",
    reply: z.strictObject({ retention: logRetentionSchema, last: rotationSchema.nullable() }),
    audit: "none",
  },
  rotate: {
    method: "POST",
    path: "/api/logs/rotate",
    summary: "Rotate and tidy log files now",
    reply: rotationSchema,
    audit: "write",
  },
});

const subscriptionId = z.string().regex(/^[a-z0-9]{1,24}$/);

/** Live tail. Each `lines` event is to be acknowledged by its number: a viewer that stops acknowledging is not sent more. */
export const logsChannel = defineChannel({
  name: "logs",
  client: {
    subscribe: {
      payload: z.strictObject({
        sources: sourceIds,
        /** Goes on exactly from here; without it the last `tail` lines are the first screen. */
        from: logCursorSchema.optional(),
        tail: z.int().min(0).max(2_000).default(500),
        filter: logFilterSchema.optional(),
      }),
      reply: z.strictObject({ subscription: subscriptionId, page: pageSchema }),
    },
    acknowledge: {
      payload: z.strictObject({ subscription: subscriptionId, sequence: z.int().min(0) }),
      reply: z.null(),
    },
    unsubscribe: { payload: z.strictObject({ subscription: subscriptionId }), reply: z.null() },
  },
  server: {
    lines: z.strictObject({
      subscription: subscriptionId,
      sequence: z.int().min(1),
      ...lineBatch,
      /** Where to go on after a lost connection: of every stream, after this event. */
      cursor: logCursorSchema.nullable(),
    }),
    notice: z.strictObject({ subscription: subscriptionId, notice: logNoticeSchema }),
  },
});
