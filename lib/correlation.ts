import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

const storage = new AsyncLocalStorage<string>();

/** A new correlation id: 12 characters that tie a reply, its log lines and its history row together. */
export function newCorrelationId(): string {
  return randomBytes(9).toString("base64url").replace(/[-_]/g, "x");
}

/** Runs `work` so that every log line it causes carries `id`. */
export function withCorrelation<T>(id: string, work: () => T): T {
  return storage.run(id, work);
}

/** The id of the request or job that is running now, if any. */
export function correlationId(): string | undefined {
  return storage.getStore();
}
