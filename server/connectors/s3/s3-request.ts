import { createHash } from "node:crypto";

import type { ConnectorReply, ConnectorRequest, OperationContext } from "../framework/define-connector.ts";
import { encoded, type S3Config } from "./s3-config.ts";
import { s3Failure } from "./s3-failure.ts";

/** What of the context a request needs. */
export type S3Context = Pick<OperationContext<S3Config>, "config" | "http" | "clock">;

export interface S3Request {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  url: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  body?: Uint8Array;
  maxBytes?: number;
  /** Doing it twice is not the same as doing it once. */
  isOnce?: boolean;
}

/**
 * Signs a request with its body (AWS Signature Version 4) and sends it. A redirect is not followed: the signature holds for one
 * host. Throws what the store says when it refuses.
 */
export async function sendSigned(request: S3Request, context: S3Context): Promise<ConnectorReply> {
  const reply = await askSigned(request, context);
  if (reply.status >= 300) throw await s3Failure(reply, context);
  return reply;
}

/** As `sendSigned`; any status is a reply. */
export async function askSigned(request: S3Request, context: S3Context): Promise<ConnectorReply> {
  const { method, body, maxBytes, isOnce = false } = request;
  const url = withQuery(request.url, request.query ?? {});
  const signed = await sign({ ...request, url }, context);
  const sent: ConnectorRequest = {
    url,
    method,
    headers: signed,
    maxRedirects: 0,
    isIdempotent: !isOnce, // the same bytes at the same place, or nothing there any more
    ...(body === undefined ? {} : { body }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
  return context.http.request(sent);
}

async function sign({ method, url, headers = {}, body }: S3Request, { config, clock }: S3Context) {
  const { AwsV4Signer } = await import("aws4fetch");
  const all = { ...headers, "x-amz-content-sha256": sha256(body ?? new Uint8Array()) };
  const signer = new AwsV4Signer({
    ...credentialsOf(config),
    method,
    url,
    headers: all,
    datetime: stamp(clock.now()),
  });
  const signed = await signer.sign();
  return Object.fromEntries(signed.headers.entries());
}

/** A link that is signed itself; whoever has it needs no key until it ends. */
export async function signLink(
  request: Pick<S3Request, "method" | "url" | "query" | "headers"> & { expiresSeconds: number },
  { config, clock }: Pick<S3Context, "config" | "clock">,
): Promise<string> {
  const { AwsV4Signer } = await import("aws4fetch");
  const signer = new AwsV4Signer({
    ...credentialsOf(config),
    method: request.method,
    url: withQuery(request.url, { ...request.query, "X-Amz-Expires": String(request.expiresSeconds) }),
    headers: request.headers ?? {},
    signQuery: true,
    allHeaders: true, // what was asked for must be sent just so
    datetime: stamp(clock.now()),
  });
  const { url } = await signer.sign();
  // Spelled as it was signed: a plus is a space to some stores and a plus to others.
  return withQuery(`${url.origin}${url.pathname}`, Object.fromEntries(url.searchParams));
}

function credentialsOf({ accessKeyId, secretAccessKey, sessionToken, region }: S3Config) {
  const token = sessionToken === undefined ? {} : { sessionToken };
  return { accessKeyId, secretAccessKey, region, service: "s3", ...token };
}

function withQuery(url: string, query: Record<string, string | undefined>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encoded(name)}=${encoded(value)}`],
  );
  return parts.length === 0 ? url : `${url}?${parts.join("&")}`;
}

/** "20260102T030405Z" */
function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
}

/** In hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
