import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

import { AppError } from "../app-error.ts";
import { CallFailure } from "./call-failure.ts";
import { type CallWatch, createCallWatch } from "./call-watch.ts";
import type { Guard } from "./guard.ts";
import { type HttpMethod, type OpenReply, openRequest } from "./open-request.ts";
import type { ReplyBody } from "./reply-body.ts";
import { noteFailure, type Trace } from "./trace.ts";

export interface GuardedFetchOptions {
  /** Time for everything up to the last byte of the reply, in milliseconds. */
  timeoutMs: number;
  /** Longest silence of the other side, before the reply and within it, in milliseconds; `timeoutMs` when left out. */
  silenceMs?: number;
  /** Most decoded bytes of a reply; more is an error, because a part would be taken for the whole. */
  maxBytes: number;
  /** Most redirects to follow, each judged; 5 by default. */
  maxRedirects?: number;
  /** Gets a hop for each address a call goes to. */
  trace?: Trace;
}

const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] satisfies HttpMethod[];
const bodylessStatus = new Set([204, 205, 304]);

/**
 * A WHATWG `fetch` for libraries that bring their own client: the same guard, connection and caps as `guardedRequest`, the
 * reply's body streamed. As `fetch` does, it rejects with `TypeError("fetch failed")` when nothing answers, whose `cause` is
 * an `AppError` `timeout` or `upstream_failed`, and with the signal's reason when the caller aborts; what the guard refuses
 * rejects with the `AppError` `forbidden` itself, so that nobody tries again. Errors within the body are such `AppError`s.
 */
export function createGuardedFetch(guard: Guard, options: GuardedFetchOptions): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    if (!methods.includes(request.method)) throw new AppError("forbidden", `${request.method} must not be used`);
    const watch = createCallWatch(request.signal, options);
    watch.wait(true);
    try {
      const reply = await openRequest({
        url: request.url,
        method: request.method as HttpMethod,
        guard,
        headers: headersOf(request),
        body: await bodyOf(request, init?.body),
        maxRedirects: request.redirect === "follow" ? (options.maxRedirects ?? 5) : 0,
        maxBytes: options.maxBytes,
        signal: watch.signal,
        trace: options.trace,
      });
      if (request.redirect === "error" && reply.headers["location"] !== undefined) {
        reply.discard();
        throw new CallFailure("redirect", "The reply is a redirect");
      }
      watch.wait(false); // until somebody reads
      return responseOf(request, reply, watch, options);
    } catch (error) {
      watch.stop();
      request.signal.throwIfAborted();
      if (error instanceof AppError && error.code === "forbidden") throw error;
      throw fetchFailed(watch.errorOf(error));
    }
  };
}

function fetchFailed(cause: AppError): TypeError {
  return new TypeError("fetch failed", { cause });
}

function headersOf(request: Request): Record<string, string> {
  const headers: Record<string, string> = { "accept-encoding": "identity" }; // a packed stream of events comes in lumps
  for (const [name, value] of request.headers) headers[name] = value;
  return headers;
}

/** A body that is whole is sent with its length, which some small servers need; only a stream is sent in chunks. */
async function bodyOf(request: Request, given: unknown): Promise<Uint8Array | Readable | undefined> {
  if (request.body === null) return undefined;
  if (given instanceof ReadableStream) return Readable.fromWeb(request.body as NodeReadableStream<Uint8Array>);
  return new Uint8Array(await request.arrayBuffer());
}

function responseOf(request: Request, reply: OpenReply, watch: CallWatch, options: GuardedFetchOptions): Response {
  const init = { status: reply.status, statusText: reply.statusText, headers: reply.headers };
  if (request.method === "HEAD" || bodylessStatus.has(reply.status)) {
    reply.discard();
    watch.stop();
    return new Response(null, init);
  }
  return new Response(bodyStream(request, reply.body, watch, options), init);
}

function bodyStream(
  request: Request,
  source: ReplyBody,
  watch: CallWatch,
  { maxBytes, trace }: GuardedFetchOptions,
): ReadableStream<Uint8Array> {
  const iterator = source.chunks[Symbol.asyncIterator]();
  let size = 0;
  const onAbort = (): void => {
    source.destroy(new Error("aborted"));
  };
  watch.signal.addEventListener("abort", onAbort, { once: true });
  const finish = (): void => {
    watch.stop();
    watch.signal.removeEventListener("abort", onAbort);
    source.destroy();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          watch.wait(true);
          const { done, value } = await iterator.next();
          watch.wait(false);
          if (done === true) {
            finish();
            controller.close();
            return;
          }
          size += value.length;
          if (size > maxBytes) throw new CallFailure("too_large", `The reply is larger than ${maxBytes} bytes`);
          controller.enqueue(new Uint8Array(value));
        } catch (error) {
          finish();
          const failure = watch.errorOf(error);
          noteFailure(trace, failure);
          controller.error(request.signal.aborted ? request.signal.reason : failure);
        }
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}
