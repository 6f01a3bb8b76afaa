import type { ErrorDetails } from "../../contract/errors.ts";
import type { Caller, HistoryEntry } from "../../contract/features/history.ts";
import type { BoundEndpoint } from "../../lib/endpoint-runner.ts";
import { redact } from "../../lib/redact.ts";
import type { RequestContext } from "./mount.ts";
import type { SubjectNames } from "./subject-names.ts";

export interface ActionRecord {
  /** Name the subject had before the action, as `subjectNames` knows it. */
  nameBefore: string | null;
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
  /** Name of what `params` point to now; asked before the action, which may be a deletion. */
  nameOf(bound: ActionRecord["bound"], params: unknown): Promise<string | null>;
  record(action: ActionRecord): Promise<void>;
}

/** A recorder that hands finished history entries to `append`. A history that cannot be written never fails the action. */
export function createActionRecorder(options: {
  append: (entry: HistoryEntry) => Promise<void>;
  onFailure: (error: unknown) => void;
  now: () => number;
  names: SubjectNames;
}): ActionRecorder {
  const nameOf: ActionRecorder["nameOf"] = (bound, params) =>
    bound.endpoint.audit === "write" ? options.names.find(groupOf(bound), params) : Promise.resolve(null);
  return {
    nameOf,
    async record(action) {
      const { audit } = action.bound.endpoint;
      if (audit === "none" || (audit === "read" && !action.failure)) return;
      try {
        const entry = toEntry(action, options.now());
        // What was brought back by the action has a name only now.
        const subjectName = entry.subjectName ?? (await options.names.find(groupOf(action.bound), action.params));
        await options.append({ ...entry, subjectName });
      } catch (error) {
        options.onFailure(error);
      }
    },
  };
}

function toEntry(
  { bound, caller, correlationId, durationMs, params, body, reply, failure, nameBefore }: ActionRecord,
  now: number,
): HistoryEntry {
  const made = thingIn(reply);
  const subject = subjectOf(params) ?? made?.id ?? subjectOf(body) ?? subjectOf(reply);
  return {
    id: correlationId,
    at: new Date(now).toISOString(),
    correlationId,
    action: bound.id,
    summary: bound.endpoint.summary,
    subject,
    subjectName: nameBefore ?? (made && made.id === subject ? made.name : null),
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

/** "apps" of "apps.start". */
function groupOf({ id }: ActionRecord["bound"]): string {
  return id.split(".")[0] ?? "";
}

/** Id and name of the thing a reply is, or holds: `{ id, name }`, `{ automation: { id, name } }`, `{ runs: [{ id, title }] }`. */
function thingIn(reply: unknown): { id: string; name: string } | null {
  if (typeof reply !== "object" || reply === null) return null;
  const held = (Object.values(reply) as unknown[]).map((value) =>
    Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value,
  );
  for (const candidate of [reply, ...held]) {
    if (typeof candidate !== "object" || candidate === null) continue;
    const { id, name, title } = candidate as Record<string, unknown>;
    const label = name ?? title;
    if (typeof id === "string" && id !== "" && typeof label === "string" && label !== "")
      return { id: redact(id).slice(0, 200), name: redact(label).slice(0, 200) };
  }
  return null;
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
  const [[key, only] = [], ...others] = Object.entries(record);
  if (others.length > 0 || key === undefined || /pin|current|pass|secret|token/i.test(key)) return null;
  return typeof only === "string" && only !== "" ? redact(only).slice(0, 200) : null;
}
