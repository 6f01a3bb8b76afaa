import type { ServerResponse } from "node:http";

import { AppError } from "./app-error.ts";

/** Headers of a reply that is data or an error: a browser that is led to it shows and runs nothing. A page sets its own. */
export function setReplyHeaders(response: ServerResponse): void {
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
}

/** Throws `method_not_allowed` and names in `Allow` (RFC 9110, 15.5.6) what may be asked there instead. */
export function refuseMethod(method: string | undefined, known: Iterable<string>, response: ServerResponse): never {
  const allowed = new Set(known);
  response.setHeader("Allow", [...allowed].toSorted().join(", "));
  throw new AppError("method_not_allowed", `${method ?? "This method"} is not possible here`);
}
