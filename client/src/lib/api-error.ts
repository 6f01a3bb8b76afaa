import type { ErrorCode, ErrorDetails } from "../../../contract/errors.ts";

/** A refused or failed call, with what the server said about it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly correlationId: string | null;
  readonly issues: readonly { path: string; message: string }[];
  /** The feature's own, finer code. */
  readonly reason: string | null;
  /** Record of the call to the outside that failed. */
  readonly evidenceId: string | null;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.code = details.code;
    this.hint = details.hint ?? null;
    this.correlationId = details.correlationId ?? null;
    this.issues = details.issues ?? [];
    this.reason = details.reason ?? null;
    this.evidenceId = details.evidenceId ?? null;
  }
}

/** Message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the address of the page names something that cannot exist. */
export function isWrongAddress(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code !== "invalid_request" || error.issues.length === 0) return false;
  return error.issues.every(({ path }) => path.startsWith("params."));
}

/** Problems by field for a form: { "name": "must not be empty" }; "body." in front of a path is dropped. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.issues.map(({ path, message }) => [path.replace(/^(?:body|query|params)\./, ""), message]),
  );
}

/** The error, unless all of it is said at the fields with these names. */
export function unlessAtFields(error: unknown, names: readonly string[]): unknown {
  const paths = Object.keys(fieldErrors(error));
  const isAll = paths.every((path) => names.some((name) => path === name || path.startsWith(`${name}.`)));
  return paths.length > 0 && isAll ? null : error;
}

/** Reads the error shape out of a reply of unknown origin; a proxy's HTML page becomes a plain sentence. */
export function toApiError(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(body.error);
  return new ApiError({
    code:
      status === 403 ? "forbidden" : status === 404 ? "not_found" : status >= 500 ? "unavailable" : "invalid_request",
    message: `The server answered ${String(status)} without saying why`,
    hint: "Reload the page; when it stays, look into the log of portos-server.",
  });
}

function isErrorBody(body: unknown): body is { error: ErrorDetails } {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
