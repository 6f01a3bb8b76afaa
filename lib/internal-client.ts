import { Agent, request as httpRequest } from "node:http";

import { z } from "zod";

import type { Call, Endpoint, EndpointGroup, Reply } from "../contract/endpoint.ts";
import { errorBodySchema } from "../contract/errors.ts";
import { AppError } from "./app-error.ts";
import { correlationId } from "./correlation.ts";

export type InternalClient<G extends EndpointGroup> = {
  [K in keyof G]: (
    call: Call<G[K]>,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ) => Promise<InternalReply<G[K]>>;
};

/** JSON replies arrive parsed, raw replies as bytes. */
export type InternalReply<E extends Endpoint> = E["reply"] extends { raw: string } ? Buffer : Reply<E>;

export interface InternalClientOptions {
  /** "http://127.0.0.1:5558" */
  baseUrl: string;
  /** What the user calls the other side, for error texts: "portos-cos". */
  name: string;
  timeoutMs?: number;
}

/** Calls another PortOS process on loopback through its contract. A process that is gone is `unavailable`, a slow one `timeout`. */
export function createInternalClient<G extends EndpointGroup>(
  group: G,
  options: InternalClientOptions,
): InternalClient<G> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const entries = Object.entries(group).map(([key, endpoint]) => [
    key,
    (input: RawCall, init: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
      callEndpoint(endpoint, input, { ...options, ...init, agent }),
  ]);
  return Object.fromEntries(entries) as InternalClient<G>;
}

interface RawCall {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
}

async function callEndpoint(
  endpoint: Endpoint,
  input: RawCall,
  options: InternalClientOptions & { agent: Agent; signal?: AbortSignal },
): Promise<unknown> {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ""));
  const query = new URLSearchParams(
    Object.entries(input.query ?? {}).flatMap(([key, value]) =>
      value === undefined || value === null ? [] : [[key, String(value as string | number | boolean)]],
    ),
  ).toString();
  const target = new URL(`${path}${query && `?${query}`}`, options.baseUrl);
  const { status, bytes } = await exchange(
    endpoint.method,
    target,
    endpoint.method === "GET" ? undefined : JSON.stringify(input.body ?? {}),
    options,
  );
  if (status >= 400) throw toAppError(status, bytes, options.name);
  if ("raw" in endpoint.reply) return bytes;
  return z.parse(endpoint.reply as unknown as z.ZodType, JSON.parse(bytes.toString("utf8")));
}

function exchange(
  method: string,
  target: URL,
  body: string | undefined,
  options: InternalClientOptions & { agent: Agent; signal?: AbortSignal },
): Promise<{ status: number; bytes: Buffer }> {
  const { timeoutMs = 10_000, name } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const id = correlationId();
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      if (options.signal?.aborted) reject(error);
      else if (deadline.aborted)
        reject(new AppError("timeout", `${name} did not answer within ${timeoutMs / 1000} s`, { cause: error }));
      else
        reject(
          new AppError("unavailable", `${name} is not running`, {
            hint: `Restart ${name} on the System page.`,
            cause: error,
          }),
        );
    };
    const call = httpRequest(
      target,
      {
        method,
        agent: options.agent,
        signal,
        headers: {
          ...(body === undefined
            ? {}
            : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
          ...(id === undefined ? {} : { "X-Correlation-Id": id }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 500, bytes: Buffer.concat(chunks) });
        });
        response.on("error", failed);
      },
    );
    call.on("error", failed);
    call.end(body);
  });
}

/** Whether a call that failed may have been carried out all the same: it was sent, and its answer was not heard. */
export function mayHaveArrived({ code, cause }: AppError): boolean {
  if (code === "timeout") return true;
  return code === "unavailable" && cause instanceof Error && !("code" in cause && cause.code === "ECONNREFUSED");
}

function toAppError(status: number, bytes: Buffer, name: string): AppError {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    json = undefined; // an answer that is no JSON says nothing more than its status
  }
  const parsed = errorBodySchema.safeParse(json);
  if (!parsed.success) return new AppError("upstream_failed", `${name} answered ${status}`);
  const { code, message, hint, issues } = parsed.data.error;
  return new AppError(code === "internal" ? "upstream_failed" : code, message, {
    ...(hint ? { hint } : {}),
    ...(issues ? { issues } : {}),
  });
}
