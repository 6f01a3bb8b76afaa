import type { EvidenceIntent, EvidenceRecord } from "../../../../contract/features/evidence.ts";

/**
 * Whether an intent that the gateway has made is surely as its schema has it. The compiler knows its shape; what it cannot know is
 * looked at here, in a fortieth of the time. Where this says no, the schema decides.
 */
export function isSureIntent({
  id,
  at,
  correlationId,
  caller,
  connector,
  operation,
  targets,
  delivery,
}: EvidenceIntent): boolean {
  return (
    /^e[0-9a-z]{19}$/.test(id) &&
    isTime(at) &&
    correlationId.length <= 80 &&
    caller.name.length <= 200 &&
    (caller.id?.length ?? 0) <= 100 &&
    (caller.device?.length ?? 0) <= 200 &&
    isName(connector) &&
    isName(operation) &&
    targets.length <= 50 &&
    targets.every((target) => target.length <= 2_000) &&
    (delivery === null || (delivery.id.length <= 60 && isCount(delivery.attempt)))
  );
}

/** As `isSureIntent`, for a whole record; one with arguments of some size is left to the schema. */
export function isSureRecord(record: EvidenceRecord): boolean {
  const { code, message, request, path, approval, addresses, redirects, reply, trust } = record;
  return (
    isSureIntent(record) &&
    (code?.length ?? 0) <= 80 &&
    (message?.length ?? 0) <= 4_000 &&
    isPlain(request) &&
    path.length <= 60 &&
    path.every(isSureStep) &&
    (approval === null ||
      (approval.id.length <= 60 &&
        approval.decision.length <= 40 &&
        (approval.by?.length ?? 0) <= 200 &&
        (approval.at === null || isTime(approval.at)))) &&
    addresses.length <= 100 &&
    addresses.every(({ host, address }) => host.length <= 300 && address.length <= 80) &&
    redirects.length <= 20 &&
    redirects.every(({ status, to }) => Number.isSafeInteger(status) && to.length <= 4_000) &&
    [record.tries, record.bytesOut, record.bytesIn].every(isCount) &&
    (record.status === null || Number.isSafeInteger(record.status)) &&
    isDuration(record.durationMs) &&
    (reply === null ||
      (/^[0-9a-f]{64}$/.test(reply.sha256) && isCount(reply.bytes) && (reply.excerpt?.length ?? 0) <= 4_000)) &&
    (trust?.length ?? 0) <= 40
  );
}

function isSureStep({ step, code, reason, hint, ms }: EvidenceRecord["path"][number]): boolean {
  return (
    step.length <= 60 &&
    (code?.length ?? 0) <= 80 &&
    reason.length <= 2_000 &&
    (hint?.length ?? 0) <= 2_000 &&
    isDuration(ms)
  );
}

/** A flat object of a few texts, numbers and truths. */
function isPlain(request: EvidenceRecord["request"]): boolean {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return false;
  return Object.entries(request).every(
    ([name, value]) =>
      name !== "__proto__" &&
      (typeof value === "string" ||
        typeof value === "boolean" ||
        (typeof value === "number" && Number.isFinite(value))),
  );
}

/** As `Date` writes it. */
function isTime(text: string): boolean {
  return /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/.test(text);
}

function isName(text: string): boolean {
  return text !== "" && text.length <= 80;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

function isDuration(number: number): boolean {
  return Number.isFinite(number) && number >= 0;
}
