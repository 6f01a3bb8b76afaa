import { approvalSchema, type Approval } from "../../../contract/features/approvals.ts";
import type { JsonLog } from "../../../lib/json-log.ts";

const rowSchema = approvalSchema.strip();

export interface HistoryFilter {
  before?: string | undefined;
  limit: number;
  state?: Approval["state"] | undefined;
  app?: string | undefined;
  run?: string | undefined;
  rule?: string | undefined;
  text?: string | undefined;
}

/** Settled questions, append-only, newest first. */
export interface ApprovalHistory {
  append(approval: Approval): Promise<void>;
  page(filter: HistoryFilter): Promise<{ items: Approval[]; next: string | null }>;
  find(id: string): Promise<Approval | null>;
}

export function createApprovalHistory(log: JsonLog<Approval>): ApprovalHistory {
  return {
    append: (approval) => log.append(approval),
    async page({ before, limit, ...filter }) {
      const page = await log.page({
        limit,
        ...(before === undefined ? {} : { before }),
        match: (approval) => isWanted(approval, filter),
      });
      return { items: page.items.map(read), next: page.next };
    },
    async find(id) {
      const { items } = await log.page({ limit: 1, match: (approval) => approval.id === id });
      return items[0] === undefined ? null : read(items[0]);
    },
  };
}

function isWanted(approval: Approval, filter: Omit<HistoryFilter, "before" | "limit">): boolean {
  const { subject, state, decision } = approval;
  if (filter.state !== undefined && state !== filter.state) return false;
  if (filter.rule !== undefined && decision?.ruleId !== filter.rule) return false;
  if (filter.app !== undefined && !(subject.kind !== "connector-call" && subject.appId === filter.app)) return false;
  if (filter.run !== undefined && !(subject.kind !== "connector-call" && subject.runId === filter.run)) return false;
  if (filter.text === undefined) return true;
  const text = filter.text.toLowerCase();
  const words = [subject.title, decision?.by, decision?.device, decision?.reason];
  if (subject.kind === "repair") words.push(subject.appName, subject.folder);
  if (subject.kind === "agent-tool") words.push(subject.runTitle, subject.folder, subject.providerName);
  return words.some((word) => word?.toLowerCase().includes(text) === true);
}

/** Without what the log adds to a row. */
function read(row: unknown): Approval {
  return rowSchema.parse(row);
}
