import type { CheckOutcome, RepairCheck } from "../../../contract/features/repairs.ts";

/** What the checks say about a repair. */
export interface CheckVerdict {
  /** Names of the checks that passed before, or are not known to have failed before, and do not pass now. */
  broken: string[];
  /** Checks that failed before and pass now. */
  mended: string[];
  /** One sentence for the receipt. */
  text: string;
}

/** What passed before must pass; what failed before may still fail. What is not known counts as if it had passed. */
export function compareChecks(checks: readonly RepairCheck[]): CheckVerdict {
  const broken = checks.filter((check) => !passes(check.after) && !failedBefore(check)).map(({ name }) => name);
  const mended = checks.filter((check) => passes(check.after) && failedBefore(check)).map(({ name }) => name);
  return { broken, mended, text: verdictText(checks, broken, mended) };
}

function failedBefore({ before }: RepairCheck): boolean {
  return before?.state === "failed";
}

function passes(outcome: CheckOutcome | null): boolean {
  return outcome?.state === "succeeded";
}

function verdictText(checks: readonly RepairCheck[], broken: readonly string[], mended: readonly string[]): string {
  if (checks.length === 0) return "The app has no checks.";
  if (broken.length > 0) return `${list(broken)} ${broken.length === 1 ? "does" : "do"} not pass any more.`;
  const passing = checks.filter(({ after }) => after?.state === "succeeded").length;
  const of =
    checks.length === passing ? "All checks pass" : `${String(passing)} of ${String(checks.length)} checks pass`;
  if (mended.length > 0) return `${of}; ${list(mended)} failed before.`;
  return checks.length === passing ? `${of}, as before.` : `${of}; the others failed before, too.`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
