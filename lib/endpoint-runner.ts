import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import type { Endpoint, EndpointGroup, Input, RawReply, ReplyInput, Schema } from "../contract/endpoint.ts";
import { errorStatus, type ErrorBody } from "../contract/errors.ts";
import { AppError } from "./app-error.ts";
import "./plain-issues.ts";

/** One handler per endpoint of a group: none can be left out, none can be invented. */
export type Handlers<G extends EndpointGroup, Context> = {
  [K in keyof G]: (input: Input<G[K]>, context: Context) => Promise<ReplyInput<G[K]>> | ReplyInput<G[K]>;
};

/** An endpoint with its handler, types forgotten, ready to be mounted. */
export interface BoundEndpoint<Context> {
  /** "apps.start" */
  id: string;
  endpoint: Endpoint;
  run(raw: RawInput, context: Context): Promise<unknown>;
}

export interface RawInput {
  params: unknown;
  query: unknown;
  body: unknown;
}

/** Replies marked as reusable, with their checked form once there is one. */
const checkedReplies = new WeakMap<object, object | null>();
/** Checked replies that are sent again and again, with their bytes once written. */
const writtenReplies = new WeakMap<object, WrittenReply | null>();

/**
 * Marks a reply that its endpoint hands out again and again and never changes in place: it is checked, written and
 * tagged once, however often it is asked for.
 */
export function reusableReply<T extends object>(value: T): T {
  if (!checkedReplies.has(value)) checkedReplies.set(value, null);
  return value;
}

/** Binds a group to its handlers; input is parsed before a handler sees it, a JSON reply before it leaves. */
export function bindEndpoints<G extends EndpointGroup, Context>(
  group: string,
  endpoints: G,
  handlers: Handlers<G, Context>,
): BoundEndpoint<Context>[] {
  return Object.entries(endpoints).map(([key, endpoint]) => {
    const handler = handlers[key] as (input: Input<Endpoint>, context: Context) => unknown;
    return {
      id: `${group}.${key}`,
      endpoint,
      async run(raw, context) {
        const reply = await handler(parseInput(endpoint, raw), context);
        if ("raw" in endpoint.reply) return reply;
        const mark = typeof reply === "object" && reply !== null ? reply : null;
        const known = mark === null ? undefined : checkedReplies.get(mark);
        if (known) return known;
        const parsed = z.safeParse(endpoint.reply as unknown as z.ZodType, reply);
        if (!parsed.success)
          throw new Error(`The reply of ${group}.${key} breaks its contract: ${z.prettifyError(parsed.error)}`);
        if (mark !== null && known === null && typeof parsed.data === "object" && parsed.data !== null) {
          checkedReplies.set(mark, parsed.data);
          writtenReplies.set(parsed.data, null);
        }
        return parsed.data;
      },
    };
  });
}

function parseInput(endpoint: Endpoint, raw: RawInput): Input<Endpoint> {
  const issues: { path: string; message: string }[] = [];
  const parsed = {
    params: parsePart(endpoint.params, raw.params, "params", issues),
    query: parsePart(endpoint.query, raw.query, "query", issues),
    body: endpoint.method === "GET" ? undefined : parsePart(endpoint.body, raw.body, "body", issues),
  };
  if (issues.length > 0) {
    const [first] = issues;
    throw new AppError("invalid_request", first ? `${first.path}: ${first.message}` : "Invalid request", { issues });
  }
  return parsed as Input<Endpoint>;
}

const nothing = z.strictObject({});

function parsePart(
  schema: Schema | undefined,
  value: unknown,
  part: string,
  issues: { path: string; message: string }[],
): unknown {
  const result = z.safeParse((schema ?? nothing) as z.ZodType, value ?? {});
  if (result.success) return schema ? result.data : undefined;
  for (const issue of result.error.issues)
    issues.push({ path: [part, ...issue.path].join("."), message: issue.message });
  return undefined;
}

/** Query string → object; a repeated name becomes an array. */
export function parseQuery(search: URLSearchParams): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key);
    result[key] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return result;
}

/** The public form of any thrown value: expected failures as they are, everything else as "Internal error". */
export function toErrorBody(error: unknown, correlationId: string): { status: number; body: ErrorBody } {
  const known = error instanceof AppError ? error : fromForeign(error);
  return {
    status: errorStatus[known.code],
    body: {
      error: {
        code: known.code,
        message: known.message,
        ...(known.hint === undefined ? {} : { hint: known.hint }),
        correlationId,
        ...(known.issues === undefined ? {} : { issues: known.issues }),
        ...known.details,
      },
    },
  };
}

function fromForeign(error: unknown): AppError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOSPC") {
    return new AppError("disk_full", "The disk is full; nothing was changed", {
      hint: "Free some space, then try again.",
      cause: error,
    });
  }
  return new AppError("internal", "Internal error", {
    hint: "Look for the correlation id in the log of portos-server.",
    cause: error,
  });
}

interface WrittenReply {
  text: string | Buffer;
  tag: string;
}

function writeReply(value: unknown): WrittenReply {
  const mark = typeof value === "object" && value !== null ? value : null;
  const known = mark === null ? undefined : writtenReplies.get(mark);
  if (known) return known;
  const text = JSON.stringify(value);
  const written = { text, tag: `"${createHash("sha1").update(text).digest("base64url")}"` };
  if (mark !== null && known === null) writtenReplies.set(mark, { ...written, text: Buffer.from(text) });
  return written;
}

/** Sends a JSON reply with an entity tag, answering 304 when the caller has it already. */
export function sendJson(response: ServerResponse, status: number, value: unknown, ifNoneMatch?: string): void {
  const { text, tag } = writeReply(value);
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.setHeader("Cache-Control", "no-cache");
  if (status === 200) {
    response.setHeader("ETag", tag);
    if (ifNoneMatch === tag || ifNoneMatch === `W/${tag}`) {
      response.writeHead(304).end();
      return;
    }
  }
  response.statusCode = status;
  response.end(text);
}

/** Sends a file-like reply; a reader that goes away ends the source quietly. */
export async function sendRaw(response: ServerResponse, reply: RawReply): Promise<void> {
  response.writeHead(reply.status ?? 200, {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    ...reply.headers,
  });
  if (typeof reply.body === "string" || reply.body instanceof Uint8Array) {
    response.end(reply.body);
    return;
  }
  try {
    await pipeline(reply.body, response);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE")) throw error;
  }
}
