import type { Repair } from "../../../contract/features/repairs.ts";
import { compareChecks } from "./compare-checks.ts";
import type { RepairParts } from "./repair-parts.ts";

type Notice = Parameters<RepairParts["notifications"]["notify"]>[0];

/** Key under which what is said about a repair replaces itself. */
export function repairKey(id: string): string {
  return `repair:${id}`;
}

/** What the user is told about a repair in its present state; `null` when there is nothing to say. */
export function repairNotice(repair: Repair): Notice | null {
  const { id, incidentId, processName, state, reason, isAutomatic } = repair;
  const base = {
    message: reason,
    link: `/system?tab=incidents&incident=${incidentId}`,
    key: repairKey(id),
    needsYou: false,
  };
  const notices: Partial<Record<Repair["state"], Notice>> = {
    proposed: { ...base, level: "info", title: `A repair of ${processName} waits for you`, needsYou: true },
    repaired: { ...base, level: "success", title: `${processName} is repaired`, message: receiptText(repair) },
    reverted: {
      ...base,
      level: "error",
      title: `A repair of ${processName} was taken back`,
      needsYou: isByItself(repair),
    },
    failed: { ...base, level: "error", title: `${processName} could not be repaired`, needsYou: true },
  };
  // Whoever stops a repair need not be told that it ended.
  if (state === "given-up" && (isAutomatic || repair.merge?.commit))
    return { ...base, level: "warning", title: `No repair of ${processName}`, needsYou: true };
  return notices[state] ?? null;
}

function isByItself({ revert }: Repair): boolean {
  return revert?.isAutomatic === true;
}

/** What was wrong, what was changed, how the checks came out, how long it took and what it cost. */
export function receiptText(repair: Repair): string {
  const { diagnosis, work, checks, usage, reason, askedAt, endedAt } = repair;
  const took = endedAt === null ? null : Math.round((Date.parse(endedAt) - Date.parse(askedAt)) / 60_000);
  const parts = [
    firstSentence(diagnosis),
    work === null ? null : `Changed ${filesText(work)}.`,
    compareChecks(checks).text,
    reason,
    took === null ? null : `Took ${String(Math.max(1, took))} min${costText(usage)}.`,
  ];
  return parts
    .filter((part) => part !== null)
    .join(" ")
    .slice(0, 1_900);
}

function filesText({ files, paths, added, removed }: NonNullable<Repair["work"]>): string {
  const which = files === 1 ? (paths[0] ?? "1 file") : `${String(files)} files`;
  return `${which} (+${String(added)} −${String(removed)})`;
}

function costText(usage: Repair["usage"]): string {
  if (usage === null) return "";
  if (usage.costUsd !== null) return `, $${usage.costUsd.toFixed(2)}`;
  return usage.tokens === 0 ? "" : `, ${String(usage.tokens)} tokens`;
}

function firstSentence(text: string | null): string | null {
  if (text === null) return null;
  const plain = text
    .replaceAll(/[*_`#>]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const end = /[.!?](?:\s|$)/.exec(plain);
  const sentence = end === null ? plain : plain.slice(0, end.index + 1);
  return sentence === "" ? null : sentence.slice(0, 300);
}
