import type { FailureKind } from "../contract/features/providers.ts";

/**
 * Which failures another provider may heal. What the user or a rule decided stays decided, and a request that is wrong is wrong
 * everywhere: those would only be repeated at somebody else's expense.
 */
const fallBackTable: Record<FailureKind, boolean> = {
  transport: true,
  timeout: true,
  "rate-limit": true,
  "usage-limit": true,
  "server-error": true,
  "missing-model": true,
  "not-installed": true,
  "not-logged-in": true,
  "bad-reply": true,
  crashed: true,
  "bad-request": false,
  refused: false,
  budget: false,
  cancelled: false,
};

/** Whether the next provider of the chain may be asked after this failure. */
export function mayFallBack(failure: FailureKind): boolean {
  return fallBackTable[failure];
}
