import { z } from "zod";

import "./plain-issues.ts";

/** Takes the data of schema version `n` (the key) to version `n + 1`; may throw when the data is not what it expects. */
export type Migrations = Readonly<Record<number, (data: unknown) => unknown>>;

/** How to leave out single bad entries: `list` names the property that holds them, `null` when the data itself is the list. */
export interface Isolation {
  readonly list: string | null;
  readonly entry: z.ZodType;
}

export interface DocumentRules<T> {
  /** What is written must be readable by the same schema: no transformation to another shape. */
  readonly schema: z.ZodType<T>;
  readonly version: number;
  readonly migrations?: Migrations | undefined;
  readonly isolate?: Isolation | undefined;
}

export type Reading<T> =
  | { kind: "good"; value: T; storedVersion: number }
  | { kind: "partly"; value: T; storedVersion: number; reason: string }
  | { kind: "newer"; storedVersion: number }
  | { kind: "bad"; reason: string };

const envelopeSchema = z.strictObject({ version: z.int().min(1), data: z.unknown() });

/** The text of a document: `{ "version": …, "data": … }`, two spaces, a newline at the end. */
export function formatDocument(value: unknown, version: number): string {
  return `${JSON.stringify({ version, data: value }, null, 2)}\n`;
}

/**
 * Reads what a file holds without ever guessing: UTF-8 (a byte order mark is allowed), JSON, known version, migrated,
 * matching the schema. Data without the envelope, as written by hand, counts as the current version.
 */
export function readDocument<T>(bytes: Uint8Array, rules: DocumentRules<T>): Reading<T> {
  if (bytes.length === 0) return bad("it is empty");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return bad("it is not UTF-8 text");
  }
  if (text.includes("\0")) return bad("it holds NUL bytes, as after a crash of the machine or in another encoding");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return bad(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return check(json, rules, rules.version);
  return migrate(envelope.data.data, envelope.data.version, rules);
}

function migrate<T>(data: unknown, storedVersion: number, rules: DocumentRules<T>): Reading<T> {
  if (storedVersion > rules.version) return { kind: "newer", storedVersion };
  let migrated = data;
  for (let version = storedVersion; version < rules.version; version += 1) {
    const step = rules.migrations?.[version];
    if (!step) return bad(`nothing is known about its version ${storedVersion}`);
    try {
      migrated = step(migrated);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return bad(`it could not be brought from version ${version} to ${version + 1}: ${reason}`);
    }
  }
  return check(migrated, rules, storedVersion);
}

function check<T>(data: unknown, rules: DocumentRules<T>, storedVersion: number): Reading<T> {
  const parsed = rules.schema.safeParse(data);
  if (parsed.success) return { kind: "good", value: deepFreeze(parsed.data), storedVersion };
  const reason = describeIssues(parsed.error);
  if (!rules.isolate) return bad(reason);
  const rest = withoutBadEntries(data, rules.isolate);
  const again = rest && rules.schema.safeParse(rest.data);
  if (!again?.success) return bad(reason);
  return { kind: "partly", value: deepFreeze(again.data), storedVersion, reason: rest?.reasons.join("; ") ?? reason };
}

function withoutBadEntries(data: unknown, { list, entry }: Isolation): { data: unknown; reasons: string[] } | null {
  if (!isObject(data)) return null;
  const entries = list === null ? data : data[list];
  if (!isObject(entries)) return null;
  const reasons: string[] = [];
  const kept = Object.entries(entries).filter(([key, value]) => {
    const result = entry.safeParse(value);
    if (!result.success) reasons.push(`entry ${nameOf(key, value)}: ${describeIssues(result.error)}`);
    return result.success;
  });
  const rest = Array.isArray(entries) ? kept.map(([, value]) => value) : Object.fromEntries(kept);
  return { data: list === null ? rest : { ...data, [list]: rest }, reasons };
}

function nameOf(key: string, value: unknown): string {
  if (!isObject(value)) return key;
  const name = value["name"] ?? value["id"];
  return typeof name === "string" && name.length <= 100 ? `${key} (${name})` : key;
}

/** The first issues of a schema error as one sentence part: "apps.0.name: must be a text". */
export function describeIssues(error: {
  issues: readonly { path: readonly PropertyKey[]; message: string }[];
}): string {
  const shown = error.issues.slice(0, 3).map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  const more = error.issues.length - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}

/** Freezes a JSON value through and through, so that a mistaken mutation throws instead of bypassing the disk. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function bad(reason: string): { kind: "bad"; reason: string } {
  return { kind: "bad", reason };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
