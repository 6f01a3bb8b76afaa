import { z } from "zod";

import { approvalRuleSchema, approvalSchema } from "../../../contract/features/approvals.ts";

const openSchema = z.strictObject({ approvals: z.array(approvalSchema) });
export type ApprovalsFile = z.output<typeof openSchema>;

/** How `data/approvals/open.json` is opened: what waits, and what is settled but not told or not yet in the history. */
export const approvalsFile = {
  schema: openSchema,
  initial: { approvals: [] },
  version: 1,
  isolate: { list: "approvals", entry: approvalSchema },
};

const rulesSchema = z.strictObject({
  rules: z.array(approvalRuleSchema),
  /** Deleted lately, so that a deletion can be undone. */
  removed: z.array(approvalRuleSchema),
  /** Says that PortOS itself has written these rules. */
  seal: z.string().max(200).nullable().default(null),
});
export type ApprovalRulesFile = z.output<typeof rulesSchema>;

/** How `data/approval-rules.json` is opened. */
export const approvalRulesFile = {
  schema: rulesSchema,
  initial: { rules: [], removed: [], seal: null },
  version: 1,
  isolate: { list: "rules", entry: approvalRuleSchema },
};
