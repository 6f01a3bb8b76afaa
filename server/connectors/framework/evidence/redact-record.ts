import type { EvidenceIntent, EvidenceRecord } from "../../../../contract/features/evidence.ts";
import { sha256 } from "../../../../lib/json-log-chain.ts";
import { redact, redactedMark, redactValue } from "../../../../lib/redact.ts";
import { isSecretName, isSecretParameter } from "../secret-parameters.ts";

type Json = EvidenceRecord["request"];

/** Arguments longer than this, as JSON, are kept as their beginning and their hash. */
const maxRequestLength = 32_768;
const keptLength = 2_000;

/** What is known before a call leaves, without secrets. */
export function redactIntent<T extends EvidenceIntent>(intent: T): T {
  return {
    ...intent,
    connector: redactName(intent.connector),
    operation: redactName(intent.operation),
    targets: intent.targets.map((target) => cut(redactUrl(target), 2_000)),
    caller: redactValue(intent.caller) as T["caller"],
  };
}

/** A record without secrets: known ones by value, in every spelling `redact` knows, and what has the shape or the name of one. */
export function redactRecord(record: EvidenceRecord): EvidenceRecord {
  return {
    ...redactIntent(record),
    message: record.message === null ? null : cut(redact(record.message), 4_000),
    request: shorten(redactJson(record.request)),
    path: record.path.map((step) => ({
      ...step,
      reason: cut(redact(step.reason), 2_000),
      ...(step.hint === undefined ? {} : { hint: cut(redact(step.hint), 2_000) }),
    })),
    redirects: record.redirects.map(({ status, to }) => ({ status, to: cut(redactUrl(to), 4_000) })),
    reply: record.reply && {
      ...record.reply,
      excerpt: record.reply.excerpt === null ? null : cut(redact(record.reply.excerpt), 4_000),
    },
  };
}

/** A name as connectors have them is told whatever it is; anything may be asked for. */
function redactName(name: string): string {
  return /^[a-zA-Z][a-zA-Z0-9_.-]{0,39}$/.test(name) ? name : cut(redact(name), 80) || "?";
}

/** Names of fields are redacted, too: a map may have a secret for a name. */
function redactJson(value: Json): Json {
  if (typeof value === "string") return /^https?:\/\//i.test(value) ? redactUrl(value) : redact(value);
  if (Array.isArray(value)) return value.map(redactJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redact(key),
      isSecretName(key) && inner !== null && inner !== "" && typeof inner !== "boolean"
        ? redactedMark
        : redactJson(inner),
    ]),
  );
}

/** Values of the query that are named like secrets go, too, and so does the user part. */
function redactUrl(text: string): string {
  if (!/[?@]/.test(text) || !URL.canParse(text)) return redact(text);
  const url = new URL(text);
  let isChanged = false;
  for (const name of new Set(url.searchParams.keys()))
    if (isSecretParameter(name)) {
      url.searchParams.set(name, redactedMark);
      isChanged = true;
    }
  if (url.username !== "" || url.password !== "") {
    url.username = "";
    url.password = "";
    isChanged = true;
  }
  return redact(isChanged ? url.href : text);
}

function shorten(request: Json): Json {
  const text = JSON.stringify(request);
  if (text.length <= maxRequestLength) return request;
  return { isCut: true, length: text.length, sha256: sha256(text), start: cut(text, keptLength) };
}

/** Never between the halves of a character. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}
