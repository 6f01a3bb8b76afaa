import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

const storage = new AsyncLocalStorage<string>();

/** A new correlation id: 12 hex digits that tie a reply, its log lines and its history row together. */
export function newCorrelationId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 12);
}

/** Runs `work` so that every log line it causes carries `id`. */
export function withCorrelation<T>(id: string, work: () => T): T {
  return storage.run(id, work);
}

/** The id of the request or job that is running now, if any. */
export function correlationId(): string | undefined {
  return storage.getStore();
}
