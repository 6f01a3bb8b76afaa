import { AppError } from "../../../lib/app-error.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import { readLimit } from "../../../lib/provider-limits.ts";
import type { AttemptEnd } from "../attempt.ts";
import { failureFromStatus, failureFromText } from "../failures.ts";
import { record, text, textOrNull } from "../json-value.ts";

type Failure = Pick<AttemptEnd, "failure" | "message" | "backAt">;

const brokenReply =
  /JSONParse|TypeValidation|InvalidResponseData|InvalidStreamPart|NoContentGenerated|EmptyResponseBody|NoOutputGenerated/;

/** What an error of a call to a model means. */
export function apiFailure(error: unknown, now: number): Failure {
  const cause = innermost(error);
  if (cause instanceof AppError) return fromGuard(cause);
  const facts = record(cause);
  const message = messageOf(cause);
  const status = facts["statusCode"];
  if (typeof status === "number") {
    const said = `${message} ${text(facts["responseBody"])}`;
    // A 2xx that cannot be read is a broken reply, whatever its text says.
    if (status < 400) return { failure: "bad-reply", message };
    const failure = failureFromStatus(status, said);
    if (failure !== "rate-limit" && failure !== "usage-limit") return { failure, message };
    const headers = record(facts["responseHeaders"]) as Record<string, string>;
    const limit = readLimit({ headers, text: said }, now, machineZone());
    const backAt = limit.backAt === null ? null : new Date(limit.backAt).toISOString();
    return { failure: limit.kind === "usage-limit" ? "usage-limit" : failure, message, backAt };
  }
  if (cause instanceof SyntaxError || brokenReply.test(text(facts["name"]))) return { failure: "bad-reply", message };
  return { failure: failureFromText(message, "bad-reply"), message };
}

function fromGuard(error: AppError): Failure {
  const { message } = error;
  if (error.code === "timeout") return { failure: "timeout", message };
  if (error.code === "forbidden") return { failure: "bad-request", message };
  return { failure: "transport", message };
}

/** The error that started it all: libraries wrap them. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 8; depth += 1) {
    if (inner instanceof AppError) return inner;
    const { lastError, cause, statusCode } = record(inner);
    if (typeof statusCode === "number" && !(cause instanceof AppError) && !isFetchFailure(cause)) return inner;
    const next = lastError ?? cause;
    if (next === undefined || next === null) return inner;
    inner = next;
  }
  return inner;
}

function isFetchFailure(cause: unknown): boolean {
  return cause instanceof TypeError && cause.cause instanceof AppError;
}

function messageOf(error: unknown): string {
  const facts = record(error);
  // Errors inside a stream arrive as the object the provider sent.
  const nested = record(facts["error"]);
  const message = textOrNull(facts["message"]) ?? textOrNull(nested["message"]);
  if (message !== null) return message.slice(0, 2_000);
  if (typeof error === "string" && error !== "") return error.slice(0, 2_000);
  return "The reply could not be understood";
}
