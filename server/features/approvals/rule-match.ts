import type { Approval, ApprovalRule, ApprovalSubject, RulePreview } from "../../../contract/features/approvals.ts";
import type { ToolKind } from "../../../contract/features/run-events.ts";
import { isGuarded } from "../../../lib/guarded-paths.ts";
import { isWithin } from "../../../lib/touched-paths.ts";

type Conditions = Pick<
  ApprovalRule,
  "appId" | "folder" | "providerId" | "runId" | "tools" | "commandPrefix" | "connectors" | "operations"
>;
type AskedSubject = Extract<ApprovalSubject, { kind: "agent-tool" | "connector-call" }>;
type Subject = Extract<ApprovalSubject, { kind: "agent-tool" }>;

/** Kinds that act on files: without a path nobody can say where. */
const needsPath: readonly ToolKind[] = ["read", "edit", "delete", "move"];

/** Kinds so different among themselves that one answer says nothing about the next. */
const onlyOnce: readonly ToolKind[] = ["other", "think"];

const maxExamples = 5;

/** Whether an answer to this may reach further than once. */
export function mayReachFurther(subject: ApprovalSubject): boolean {
  return subject.kind === "agent-tool" && !onlyOnce.includes(subject.tool) && !changesGuarded(subject);
}

/** Whether it changes what shells, editors, git or agents run later: a person looks at each such change. */
export function changesGuarded({ tool, folder, paths }: Subject): boolean {
  if (tool === "read" || tool === "search" || tool === "think") return false;
  return paths.some((path) => isGuarded(folder, path));
}

/** Whether all conditions hold for what is asked. */
export function conditionsHold(rule: Conditions, subject: AskedSubject): boolean {
  if (subject.kind === "connector-call") return callConditionsHold(rule, subject);
  if (rule.connectors.length > 0) return false;
  if (rule.appId !== null && rule.appId !== subject.appId) return false;
  if (rule.providerId !== null && rule.providerId !== subject.providerId) return false;
  if (rule.runId !== null && rule.runId !== subject.runId) return false;
  if (rule.tools.length > 0 && !rule.tools.includes(subject.tool)) return false;
  if (rule.folder !== null && !staysIn(rule.folder, subject)) return false;
  return rule.commandPrefix.length === 0 || beginsWith(subject.words, rule.commandPrefix);
}

/** A rule for what agents do in folders says nothing about calls to the outside. */
function callConditionsHold(
  { connectors, operations, runId }: Conditions,
  { connectorId, operation, callerId }: Extract<ApprovalSubject, { kind: "connector-call" }>,
): boolean {
  if (!connectors.includes(connectorId)) return false;
  if (runId !== null && runId !== callerId) return false;
  return operations.length === 0 || operations.includes(operation);
}

function isRuled(subject: ApprovalSubject): subject is AskedSubject {
  return subject.kind === "agent-tool" || subject.kind === "connector-call";
}

function staysIn(folder: string, { folder: place, paths, tool }: Subject): boolean {
  if (!isWithin(folder, place)) return false;
  if (paths.length === 0) return !needsPath.includes(tool);
  return paths.every((path) => isWithin(folder, path));
}

function beginsWith(words: readonly string[] | null, prefix: readonly string[]): boolean {
  return words !== null && prefix.length <= words.length && prefix.every((word, index) => words[index] === word);
}

/** Whether a rule answers what is asked; none allows what is always to be looked at. */
function answers(rule: Conditions & Pick<ApprovalRule, "effect">, subject: ApprovalSubject): boolean {
  return isRuled(subject) && conditionsHold(rule, subject) && !(rule.effect === "allow" && isForPerson(subject));
}

function isForPerson(subject: AskedSubject): boolean {
  return subject.kind === "connector-call" ? subject.isForUser : changesGuarded(subject);
}

/** The rule that answers what is asked; one that denies goes first. `null`: the user is asked. */
export function ruleFor(rules: readonly ApprovalRule[], subject: ApprovalSubject, nowMs: number): ApprovalRule | null {
  const matching = rules.filter(
    (rule) => (rule.expiresAt === null || Date.parse(rule.expiresAt) > nowMs) && answers(rule, subject),
  );
  return matching.find(({ effect }) => effect === "deny") ?? matching[0] ?? null;
}

/** What a rule would have answered to questions of the past, and what it would answer of those that wait. */
export function previewRule(
  rule: Conditions & Pick<ApprovalRule, "effect">,
  history: readonly Approval[],
  pending: readonly Approval[],
): RulePreview {
  const isAnswered = ({ subject }: Approval): boolean => answers(rule, subject);
  const asked = history.filter(({ subject }) => isRuled(subject));
  const matched = asked.filter(isAnswered);
  const opposite = rule.effect === "allow" ? "denied" : "allowed";
  return {
    looked: asked.length,
    matched: matched.length,
    waiting: pending.filter(isAnswered).length,
    contradicted: matched.filter(({ state }) => state === opposite).length,
    examples: matched
      .toSorted((a, b) => Number(b.state === opposite) - Number(a.state === opposite))
      .slice(0, maxExamples)
      .map(({ id, subject, state }) => ({ id, title: subject.title, state })),
  };
}
