import { CallFailure } from "./call-failure.ts";
import type { HttpMethod } from "./open-request.ts";
import { isStream, type RequestBody } from "./request-body.ts";

const redirectStatus = new Set([301, 302, 303, 307, 308]);

/** Where a reply sends its reader, or `null` when it is none of that kind. */
export function redirectOf({ status, headers }: { status: number; headers: Record<string, string> }): string | null {
  return redirectStatus.has(status) ? (headers["location"] ?? null) : null;
}

export interface RedirectedRequest {
  url: URL;
  method: HttpMethod;
  headers: Record<string, string>;
  body: RequestBody;
}

/** What is sent to the address a redirect names: no credentials to another origin, a body only where the status asks for it. */
export function nextRequest(request: RedirectedRequest, status: number, location: string): RedirectedRequest {
  let { method, body, headers } = request;
  const url = targetOf(location, request.url);
  if (url.origin !== request.url.origin) headers = keptHeaders(headers, harmless);
  if (status === 303 || (status <= 302 && method === "POST")) {
    method = method === "HEAD" ? "HEAD" : "GET";
    body = undefined;
    headers = keptHeaders(headers, /^(?!content-)/i);
  }
  if (isStream(body))
    throw new CallFailure("redirect", "The reply is a redirect, and what was sent cannot be sent again");
  if (body !== undefined && request.url.protocol === "https:" && url.protocol === "http:")
    throw new CallFailure("redirect", "The reply is a redirect that would have what was sent go on without encryption");
  return { url, method, headers, body };
}

/** Headers that say nothing of who asks; any other may be a credential, whatever it is called. */
const harmless = /^(?:accept(?:-.*)?|user-agent|content-(?:type|language|encoding)|range|if-.*|cache-control|pragma)$/i;

function keptHeaders(headers: Record<string, string>, kept: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)));
}

function targetOf(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) return new URL(location, from);
  throw new CallFailure("redirect", "The reply is a redirect to something that is no address");
}
