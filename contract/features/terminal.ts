import { z } from "zod";

import { defineChannel } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import {
  colsSchema,
  commandHistoryQuery,
  commandHistoryReply,
  killSchema,
  recordingParams,
  recordingSchema,
  rowsSchema,
  sessionChangeSchema,
  sessionIdSchema,
  sessionInfoSchema,
  sessionParams,
  sessionSpecSchema,
} from "../internal/cos.ts";

/** What a browser may start: the user's shell, or a command line the user typed. */
export const terminalSpecSchema = sessionSpecSchema.pick({
  shellCommand: true,
  cwd: true,
  name: true,
  cols: true,
  rows: true,
  isRecorded: true,
  idleTimeoutMs: true,
});

/** Sessions as the terminal page sees them. `isUp` is false while portos-cos cannot be reached; the list is then the last known one. */
export const sessionListSchema = z.object({ isUp: z.boolean(), sessions: z.array(sessionInfoSchema) });
export type SessionList = z.output<typeof sessionListSchema>;

export const terminalEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/terminal/sessions",
    summary: "List terminal sessions",
    reply: sessionListSchema,
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/terminal/sessions",
    summary: "Open a terminal",
    body: terminalSpecSchema,
    reply: sessionInfoSchema,
    audit: "write",
    stepUp: "terminal",
  },
  update: {
    method: "PATCH",
    path: "/api/terminal/sessions/:id",
    summary: "Change a terminal session",
    params: sessionParams,
    body: sessionChangeSchema,
    reply: sessionInfoSchema,
    audit: "write",
    stepUp: "terminal",
  },
  kill: {
    method: "POST",
    path: "/api/terminal/sessions/:id/kill",
    summary: "End a terminal session",
    params: sessionParams,
    body: killSchema,
    reply: sessionInfoSchema,
    audit: "write",
    stepUp: "terminal",
  },
  keep: {
    method: "POST",
    path: "/api/terminal/sessions/:id/keep",
    summary: "Keep a terminal session that is about to end",
    params: sessionParams,
    body: z.strictObject({}),
    reply: sessionInfoSchema,
    audit: "write",
    stepUp: "terminal",
  },
  close: {
    method: "DELETE",
    path: "/api/terminal/sessions/:id",
    summary: "Close an ended terminal session",
    params: sessionParams,
    reply: z.null(),
    audit: "write",
    stepUp: "delete",
  },
  recordings: {
    method: "GET",
    path: "/api/terminal/recordings",
    summary: "List terminal recordings",
    reply: z.array(recordingSchema),
    audit: "read",
    stepUp: "terminal",
  },
  recording: {
    method: "GET",
    path: "/api/terminal/recordings/:id",
    summary: "Replay a terminal recording",
    params: recordingParams,
    reply: z.object({ recording: recordingSchema, text: z.string() }),
    audit: "read",
    stepUp: "terminal",
  },
  downloadRecording: {
    method: "GET",
    path: "/api/terminal/recordings/:id/download",
    summary: "Download a terminal recording",
    params: recordingParams,
    reply: { raw: "application/x-asciicast" },
    audit: "read",
    stepUp: "terminal",
  },
  deleteRecording: {
    method: "DELETE",
    path: "/api/terminal/recordings/:id",
    summary: "Delete a terminal recording",
    params: recordingParams,
    reply: z.null(),
    audit: "write",
    stepUp: "delete",
  },
  commandHistory: {
    method: "GET",
    path: "/api/terminal/command-history",
    summary: "Search commands typed in terminals",
    query: commandHistoryQuery,
    reply: commandHistoryReply,
    audit: "read",
    stepUp: "terminal",
  },
});

/** Number a browser tab gives to one view of a session; unique within its connection. */
const viewerSchema = z.int().min(1).max(4_294_967_295);
const size = { cols: colsSchema, rows: rowsSchema };

/** How an attached viewer begins: with exactly the missed bytes (`resume`), or with a repaint and how much was skipped. */
export const attachReplySchema = z.object({
  session: sessionInfoSchema,
  mode: z.enum(["resume", "repaint"]),
  /** Number of the first byte that will come. */
  from: z.number(),
  skipped: z.number(),
});
export type AttachReply = z.output<typeof attachReplySchema>;

/** Live sessions. `frame` carries the binary frames of `contract/terminal-frames.ts`. */
export const terminalChannel = defineChannel({
  name: "terminal",
  client: {
    /** Sends `session`, `removed` and `state` from now on, and answers with the list. */
    watch: { payload: z.strictObject({}), reply: sessionListSchema },
    attach: {
      payload: z.strictObject({
        viewer: viewerSchema,
        id: sessionIdSchema,
        ...size,
        /** Number of the next byte wanted, when the viewer has seen the session before. */
        after: z.number().min(0).optional(),
        device: z.string().max(60).optional(),
      }),
      reply: attachReplySchema,
      stepUp: "terminal",
    },
    detach: { payload: z.strictObject({ viewer: viewerSchema }), reply: z.null() },
    input: {
      payload: z.strictObject({
        viewer: viewerSchema,
        data: z.string().max(262_144),
        /** Each character is one byte (mouse reports), else the text is UTF-8. */
        isBinary: z.boolean().optional(),
      }),
      reply: z.null(),
      stepUp: "terminal",
    },
    resize: { payload: z.strictObject({ viewer: viewerSchema, ...size }), reply: z.null() },
    credit: { payload: z.strictObject({ viewer: viewerSchema, bytes: z.int().min(1).max(1e9) }), reply: z.null() },
  },
  server: {
    frame: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    session: sessionInfoSchema,
    removed: z.strictObject({ id: sessionIdSchema }),
    state: z.strictObject({ isUp: z.boolean() }),
  },
});
