import { createHash } from "node:crypto";

import type { ApprovalChange, ApprovalSubject } from "../../../contract/features/approvals.ts";
import type { Repair } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redactValue } from "../../../lib/redact.ts";
import { compareChecks } from "./compare-checks.ts";
import type { RepairedApp } from "./repair-parts.ts";

type Subject = Extract<ApprovalSubject, { kind: "repair" }>;

/** SHA-256 over exactly what would be merged, where and for which repair. */
export function repairHash({ id, runId, appId, work }: Repair, folder: string): string {
  return createHash("sha256").update(["repair", id, runId, appId, folder, work?.tree].join("\0")).digest("hex");
}

/** The question whether a repair may be merged, secrets taken out. */
export function repairSubject(repair: Repair, app: RepairedApp, changes: readonly ApprovalChange[]): Subject {
  const { id, runId, work, diagnosis, processName, checks } = repair;
  if (runId === null || work === null) throw new AppError("conflict", "There is nothing to be merged");
  return redactValue({
    kind: "repair",
    title: `Apply the repair of ${processName}`,
    why: `${processName} crashed, and an agent has proposed this change. ${compareChecks(checks).text}`,
    onDeny: "Nothing is merged; the work stays in its review.",
    repairId: id,
    runId,
    appId: app.id,
    appName: app.name,
    folder: app.folder,
    tree: work.tree,
    files: work.files,
    added: work.added,
    removed: work.removed,
    diagnosis: (diagnosis ?? "").slice(0, 4_000),
    changes: changes.slice(0, 20),
  } satisfies Subject) as Subject;
}
