import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

/** Id of a session: 16 lower-case letters and digits, random, never reused. */
export const sessionIdSchema = z.string().regex(/^[a-z0-9]{16}$/);

export const colsSchema = z.int().min(2).max(1000);
export const rowsSchema = z.int().min(2).max(1000);

/** On whose behalf a session runs: the user at a terminal, an automation, or a run of a provider or agent. */
export const sessionOwnerSchema = z.strictObject({
  kind: z.enum(["user", "automation", "run"]),
  id: z.string().max(100),
});

const nameSchema = z.string().trim().min(1).max(100);
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/);
const durationMs = z.int().min(1000).max(2_147_000_000);

/** What to start. Without `command` and `shellCommand` it is the user's login shell. */
export const sessionSpecSchema = z.strictObject({
  kind: z.enum(["shell", "command"]).default("shell"),
  /** A pty, or pipes for what needs no terminal; a shell always gets a pty. */
  tty: z.boolean().default(true),
  /** Program and arguments, started without a shell. */
  command: z.array(z.string().max(32_768)).min(1).max(1000).nullable().optional(),
  /** A command line the user typed, run by the user's login shell. */
  shellCommand: z.string().min(1).max(65_536).nullable().optional(),
  /** Absolute folder to start in; the home folder when absent. */
  cwd: z.string().min(1).max(4096).optional(),
  name: nameSchema.optional(),
  /** Added to the allow-listed environment. */
  env: z.record(variableName, z.string().max(32_768)).optional(),
  /** After this long the session is ended with the reason `timeout`. */
  timeoutMs: durationMs.optional(),
  /** Ends a session that has neither viewer nor output for this long; never by default. */
  idleTimeoutMs: durationMs.nullable().optional(),
  cols: colsSchema.default(80),
  rows: rowsSchema.default(24),
  isRecorded: z.boolean().default(false),
  owner: sessionOwnerSchema.default({ kind: "user", id: "user" }),
});
export type SessionSpec = z.input<typeof sessionSpecSchema>;

/** Who decides the size when several devices look at one session: the smallest window, or the one typed in last. */
export const sizingSchema = z.enum(["smallest", "active"]);

/** One session as every other process sees it. */
export const sessionInfoSchema = z.object({
  id: sessionIdSchema,
  kind: z.enum(["shell", "command"]),
  tty: z.boolean(),
  name: z.string(),
  /** `closing`: will be ended at `closingAt` unless kept. `interrupted`: portos-cos itself went away while it ran. */
  state: z.enum(["running", "closing", "ended", "interrupted"]),
  /** Folder it was started in. */
  cwd: z.string(),
  /** Folder the shell is in now, as its shell integration says; the start folder until then. */
  folder: z.string(),
  command: z.array(z.string()).nullable(),
  shellCommand: z.string().nullable(),
  pid: z.int().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
  closingAt: z.string().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  reason: z.enum(["exited", "killed", "timeout", "idle", "interrupted", "failed"]).nullable(),
  /** One sentence when the program could not be started. */
  problem: z.string().nullable(),
  cols: z.int(),
  rows: z.int(),
  sizing: sizingSchema,
  /** Bytes of output since the start; also the number of the next byte. */
  outputBytes: z.number(),
  lastOutputAt: z.string().nullable(),
  /** When the bell rang last; told at most once a second. */
  lastBellAt: z.string().nullable().default(null),
  viewers: z.int(),
  /** Resident memory of the session's processes; `null` when it cannot be told. */
  memoryBytes: z.number().nullable(),
  /** Output held for reconnecting viewers. */
  bufferedBytes: z.number(),
  title: z.string(),
  runningCommand: z.object({ text: z.string(), startedAt: z.string() }).nullable(),
  idleTimeoutMs: z.number().nullable(),
  isRecorded: z.boolean(),
  owner: sessionOwnerSchema,
});
export type SessionInfo = z.output<typeof sessionInfoSchema>;

/** A stored recording (asciicast v2) of one session. */
export const recordingSchema = z.object({
  id: z.string().regex(/^[a-z0-9]{16}-\d{1,4}$/),
  sessionId: sessionIdSchema,
  name: z.string(),
  cols: z.int(),
  rows: z.int(),
  startedAt: z.string(),
  durationMs: z.number(),
  sizeBytes: z.number(),
  isActive: z.boolean(),
});
export type Recording = z.output<typeof recordingSchema>;

/** One command line the user ran, reported by the shell integration. */
export const typedCommandSchema = z.object({
  at: z.string(),
  command: z.string(),
  folder: z.string(),
  exitCode: z.int().nullable(),
  durationMs: z.number().nullable(),
  sessionId: sessionIdSchema,
});
export type TypedCommand = z.output<typeof typedCommandSchema>;

export const sessionParams = z.strictObject({ id: sessionIdSchema });
export const recordingParams = z.strictObject({ id: recordingSchema.shape.id });

export const sessionChangeSchema = z.strictObject({
  name: nameSchema.optional(),
  isRecorded: z.boolean().optional(),
  sizing: sizingSchema.optional(),
  idleTimeoutMs: durationMs.nullable().optional(),
});

export const killSchema = z.strictObject({
  /** The session goes on for this long and can be kept by `keep`; 0 ends it at once. */
  undoMs: z.int().min(0).max(60_000).default(0),
  /** Time between the polite signal and the hard one. */
  graceMs: z.int().min(0).max(60_000).default(3000),
});

export const commandHistoryQuery = z.strictObject({
  text: z.string().max(200).optional(),
  folder: z.string().max(4096).optional(),
  before: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const commandHistoryReply = z.object({ items: z.array(typedCommandSchema), next: z.string().nullable() });

/** Internal HTTP API of portos-cos (loopback only); live output goes over its WebSocket at `cosSocketPath`. */
export const cosEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/sessions",
    summary: "List sessions",
    reply: z.array(sessionInfoSchema),
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/sessions",
    summary: "Start a session",
    body: sessionSpecSchema,
    reply: sessionInfoSchema,
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/sessions/:id",
    summary: "Show a session",
    params: sessionParams,
    reply: sessionInfoSchema,
    audit: "none",
  },
  update: {
    method: "PATCH",
    path: "/api/sessions/:id",
    summary: "Change a session",
    params: sessionParams,
    body: sessionChangeSchema,
    reply: sessionInfoSchema,
    audit: "none",
  },
  kill: {
    method: "POST",
    path: "/api/sessions/:id/kill",
    summary: "End a session",
    params: sessionParams,
    body: killSchema,
    reply: sessionInfoSchema,
    audit: "none",
  },
  keep: {
    method: "POST",
    path: "/api/sessions/:id/keep",
    summary: "Keep a session that is about to be ended",
    params: sessionParams,
    body: z.strictObject({}),
    reply: sessionInfoSchema,
    audit: "none",
  },
  close: {
    method: "DELETE",
    path: "/api/sessions/:id",
    summary: "Forget an ended session",
    params: sessionParams,
    reply: z.null(),
    audit: "none",
  },
  output: {
    method: "GET",
    path: "/api/sessions/:id/output",
    summary: "Read output of a session",
    params: sessionParams,
    query: z.strictObject({
      from: z.coerce.number().int().min(0).default(0),
      maxBytes: z.coerce.number().int().min(1).max(4_194_304).default(1_048_576),
    }),
    /** `from` is later than asked for when older output is gone; `data` is base64. */
    reply: z.object({ from: z.number(), total: z.number(), data: z.string() }),
    audit: "none",
  },
  recordings: {
    method: "GET",
    path: "/api/recordings",
    summary: "List recordings",
    reply: z.array(recordingSchema),
    audit: "none",
  },
  recording: {
    method: "GET",
    path: "/api/recordings/:id",
    summary: "Read a recording",
    params: recordingParams,
    /** asciicast v2 with secrets redacted. */
    reply: z.object({ recording: recordingSchema, text: z.string() }),
    audit: "none",
  },
  deleteRecording: {
    method: "DELETE",
    path: "/api/recordings/:id",
    summary: "Delete a recording",
    params: recordingParams,
    reply: z.null(),
    audit: "none",
  },
  commandHistory: {
    method: "GET",
    path: "/api/command-history",
    summary: "Search typed commands",
    query: commandHistoryQuery,
    reply: commandHistoryReply,
    audit: "none",
  },
});

/** Where portos-cos takes the WebSocket of portos-server; frames are described in `contract/terminal-frames.ts`. */
export const cosSocketPath = "/sessions";
