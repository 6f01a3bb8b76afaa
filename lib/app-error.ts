import type { ErrorCode } from "../contract/errors.ts";

export interface AppErrorOptions {
  cause?: unknown;
  /** What the user can do about it, one sentence. */
  hint?: string;
  /** One entry per offending field. */
  issues?: { path: string; message: string }[];
}

/** An expected failure whose message may be shown to the user. Anything else that is thrown is answered as `internal`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: { path: string; message: string }[] | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
    this.issues = options.issues;
  }

  /** What a caller is told besides: the feature's own, finer code, and the record of the call. */
  get details(): { reason: string; evidenceId: string | null } | undefined {
    return undefined;
  }
}
