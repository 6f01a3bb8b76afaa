import type { Approval, ApprovalRule, ApprovalRuleInput } from "../../../../contract/features/approvals.ts";
import type { ToolKind } from "../../../../contract/features/run-events.ts";
import type { Status } from "../../ui/status.ts";

/** How the state of a question looks. */
export const approvalStatus: Record<Approval["state"], Status> = {
  pending: "waiting for you",
  allowed: "allowed",
  denied: "denied",
  expired: "not answered",
  withdrawn: "withdrawn",
};

/** Who settled it: "anna@example.com on Chrome on Android". */
export function deciderText({ decision, state }: Approval): string {
  if (decision === null || state === "expired" || state === "withdrawn") return "–";
  return decision.device === null ? decision.by : `${decision.by} on ${decision.device}`;
}

/** How far an answer reached. */
export const scopeWords = {
  once: "This once",
  run: "More of the same kind in this run",
  here: "More of the same kind in this folder, for 30 minutes",
} as const;

/** Kinds of actions a rule can name. */
export const toolWords: readonly { value: ToolKind; label: string }[] = [
  { value: "execute", label: "Run commands" },
  { value: "edit", label: "Edit files" },
  { value: "read", label: "Read files" },
  { value: "search", label: "Search" },
  { value: "delete", label: "Delete files" },
  { value: "move", label: "Move files" },
  { value: "fetch", label: "Fetch addresses" },
  { value: "other", label: "Other tools" },
];

/** What a rule does, as a sentence: "Run commands that begin with npm test, in /code/blog, by Claude". */
export function ruleText(rule: Pick<ApprovalRule, keyof ApprovalRuleInput>, names: RuleNames): string {
  const { tools, commandPrefix, folder, appId, providerId, runId } = rule;
  if (rule.connectors.length > 0) return callRuleText(rule);
  const kinds = toolWords.filter(({ value }) => tools.includes(value)).map(({ label }) => label.toLowerCase());
  const what =
    commandPrefix.length > 0
      ? `run commands that begin with ${commandText(commandPrefix)}`
      : kinds.length > 0
        ? kinds.join(", ")
        : "everything";
  const where = [
    appId === null ? null : `in the app ${names.app(appId)}`,
    folder === null ? null : `in ${folder}`,
    runId === null ? null : "in one run",
    providerId === null ? null : `by ${names.provider(providerId)}`,
  ];
  const text = [what, ...where].filter((part) => part !== null).join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "Calls of slack: send-message, update-message, in one run" */
function callRuleText({
  connectors,
  operations,
  runId,
}: Pick<ApprovalRule, "connectors" | "operations" | "runId">): string {
  const what = operations.length === 0 ? "every operation" : operations.join(", ");
  return `Calls of ${connectors.join(", ")}: ${what}${runId === null ? "" : ", in one run"}`;
}

export interface RuleNames {
  app: (id: string) => string;
  provider: (id: string) => string;
}

/** Arguments as one would type them. */
export function commandText(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

/** What was typed as arguments: quotes keep spaces together; nothing else has a meaning. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}
