import type { ErrorDetails } from "../../contract/errors.ts";
import type { Caller, HistoryEntry } from "../../contract/features/history.ts";
import type { BoundEndpoint } from "../../lib/endpoint-runner.ts";
import { redact } from "../../lib/redact.ts";
import type { RequestContext } from "./mount.ts";

export interface ActionRecord {
  bound: BoundEndpoint<RequestContext>;
  caller: Caller;
  correlationId: string;
  durationMs: number;
  params: unknown;
  body: unknown;
  reply?: unknown;
  failure?: ErrorDetails;
}

/** Writes user actions and their outcome, the refused ones too, before the reply leaves. */
export interface ActionRecorder {
  record(action: ActionRecord): Promise<void>;
}

/** A recorder that hands finished history entries to `append`. A history that cannot be written never fails the action. */
export function createActionRecorder(options: {
  append: (entry: HistoryEntry) => Promise<void>;
  onFailure: (error: unknown) => void;
  now: () => number;
}): ActionRecorder {
  return {
    async record(action) {
      const { audit } = action.bound.endpoint;
      if (audit === "none" || (audit === "read" && !action.failure)) return;
      try {
        await options.append(toEntry(action, options.now()));
      } catch (error) {
        options.onFailure(error);
      }
    },
  };
}

function toEntry(
  { bound, caller, correlationId, durationMs, params, body, reply, failure }: ActionRecord,
  now: number,
): HistoryEntry {
  return {
    id: correlationId,
    at: new Date(now).toISOString(),
    correlationId,
    action: bound.id,
    summary: bound.endpoint.summary,
    subject: subjectOf(params) ?? subjectOf(body) ?? subjectOf(reply),
    outcome: failure
      ? failure.code === "internal" || failure.code === "upstream_failed" || failure.code === "disk_full"
        ? "failed"
        : "refused"
      : "done",
    code: failure?.code ?? null,
    message: failure ? redact(failure.message).slice(0, 500) : null,
    durationMs: Math.round(durationMs),
    caller,
  };
}

/** The name the user knows the thing by; never anything else of a body, which may hold secrets. */
function subjectOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  for (const key of ["id", "appId", "automationId", "sessionId", "pmId", "name", "title"]) {
    const found = record[key];
    if (typeof found === "string" && found !== "") return redact(found).slice(0, 200);
    if (typeof found === "number") return String(found);
  }
  const only = Object.values(record);
  return only.length === 1 && typeof only[0] === "string" && only[0] !== "" ? redact(only[0]).slice(0, 200) : null;
}
