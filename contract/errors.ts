import { z } from "zod";

/** Every error code that may cross a process border, with the HTTP status it maps to. */
export const errorStatus = {
  invalid_request: 400,
  forbidden: 403,
  /** The PIN has to be entered first. */
  step_up_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  upstream_failed: 502,
  unavailable: 503,
  timeout: 504,
  disk_full: 507,
} as const;

export type ErrorCode = keyof typeof errorStatus;

export const errorCodes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];

/** The one shape of a refused or failed call: what happened, what to do, the id to look for in the logs. */
export const errorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  /** What the user can do about it, one sentence. */
  hint: z.string().optional(),
  correlationId: z.string().optional(),
  /** One entry per offending field, `path` in dot notation ("body.name"). */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** The feature's own, finer code, where it has one: "approval_denied". */
  reason: z.string().optional(),
  /** Record of the call to the outside that failed; `null` when it has none. */
  evidenceId: z.string().nullable().optional(),
});
export type ErrorDetails = z.infer<typeof errorSchema>;

export const errorBodySchema = z.object({ error: errorSchema });
export type ErrorBody = z.infer<typeof errorBodySchema>;
