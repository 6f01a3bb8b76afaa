import { randomBytes } from "node:crypto";

import {
  approvalRuleInputSchema,
  type ApprovalRule,
  type ApprovalRuleInput,
  type ApprovalSubject,
} from "../../../contract/features/approvals.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { ApprovalRulesFile } from "./approval-files.ts";
import { ruleFor } from "./rule-match.ts";
import { sealedRules } from "./sealed-rules.ts";
import { realPlace } from "../../../lib/touched-paths.ts";

/** `isChangedOutside`: somebody else has changed the file, so that it allows nothing until it is confirmed. */
export type ListedRule = ApprovalRule & { isChangedOutside: boolean };

/** Rules that answer questions before anybody is asked. */
export interface RuleService {
  list(): ListedRule[];
  /** Rules somebody else has written are in force from now on. Throws `conflict` when they are not what was shown. */
  confirm(shown: readonly ApprovalRule[]): Promise<void>;
  create(input: ApprovalRuleInput, by: string): Promise<ApprovalRule>;
  update(id: string, input: ApprovalRuleInput): Promise<ApprovalRule>;
  remove(id: string): Promise<ApprovalRule>;
  restore(id: string): Promise<ApprovalRule>;
  /** An answer that reaches further becomes a rule of its own, listed like every other. */
  reachFurther(
    subject: ApprovalSubject,
    scope: "run" | "here",
    answer: { answer: ApprovalRule["effect"]; by: string },
  ): Promise<void>;
  /** The rule that answers this; `null`: the user is asked. */
  ruleFor(subject: ApprovalSubject): ApprovalRule | null;
  /** The run has ended, and with it what was allowed for this run. */
  endRun(runId: string): Promise<void>;
  /** Writes down that a rule has answered a question. */
  noteUse(id: string): Promise<void>;
}

const hereForMs = 30 * 60_000;
const runForMs = 24 * 60 * 60_000;
const keepRemoved = 20;
const maxRules = 500;

export async function createRuleService({
  store: file,
  clock,
  signer,
}: {
  store: JsonStore<ApprovalRulesFile>;
  clock: Clock;
  /** Signs what PortOS itself writes. */
  signer: () => Promise<(text: string) => string>;
}): Promise<RuleService> {
  const store = await sealedRules(file, signer);
  const now = (): string => new Date(clock.now()).toISOString();

  /** Those made by an answer go by themselves. */
  function current(rules: readonly ApprovalRule[]): ApprovalRule[] {
    return rules.filter(
      ({ origin, expiresAt }) => origin === "user" || expiresAt === null || Date.parse(expiresAt) > clock.now(),
    );
  }

  /** `known`: the end it has had so far, which may be over. */
  async function checked(input: ApprovalRuleInput, known: string | null) {
    const rule = approvalRuleInputSchema.parse(input);
    const isOver = rule.expiresAt !== null && Date.parse(rule.expiresAt) <= clock.now();
    if (isOver && rule.expiresAt !== known)
      throw new AppError("invalid_request", "This rule would have ended before it begins", {
        issues: [{ path: "body.expiresAt", message: "must lie in the future" }],
      });
    return rule.folder === null ? rule : { ...rule, folder: await realPlace(rule.folder) };
  }

  async function create(input: ApprovalRuleInput, by: string, origin: ApprovalRule["origin"]): Promise<ApprovalRule> {
    const parts = await checked(input, null);
    return store.update((stored) => {
      const rules = current(stored.rules);
      if (rules.length >= maxRules)
        throw new AppError("conflict", `There are ${maxRules} rules already`, { hint: "Delete some first." });
      const rule: ApprovalRule = {
        ...parts,
        id: `rule-${randomBytes(8).toString("hex")}`,
        createdAt: now(),
        createdBy: by,
        origin,
        uses: 0,
        lastUsedAt: null,
      };
      return { next: { ...stored, rules: [...rules, rule] }, result: rule };
    });
  }

  return {
    list: () =>
      current(store.get().rules).map((rule) => ({
        ...rule,
        isChangedOutside: rule.effect === "allow" && !store.isOurs(),
      })),
    confirm: (shown) => store.confirm(shown),
    create: (input, by) => create(input, by, "user"),
    async reachFurther(subject, scope, { answer, by }) {
      if (subject.kind !== "agent-tool") return;
      const { tool, folder, runId, runTitle } = subject;
      const isRun = scope === "run";
      const expiresAt = new Date(clock.now() + (isRun ? runForMs : hereForMs)).toISOString();
      const name = `${kindWords[tool] ?? tool} in ${isRun ? runTitle : folder}`.slice(0, 120);
      const input = { name, effect: answer, tools: [tool], expiresAt, folder, runId: isRun ? runId : null };
      await create(input, by, "decision");
    },
    async update(id, input) {
      const before = store.get().rules.find((rule) => rule.id === id);
      const parts = await checked(input, before?.expiresAt ?? null);
      return store.update((stored) => {
        // Changed by hand it is no longer just the echo of an answer.
        const rule: ApprovalRule = { ...find(stored.rules, id), ...parts, origin: "user" };
        return {
          next: { ...stored, rules: stored.rules.map((other) => (other.id === id ? rule : other)) },
          result: rule,
        };
      });
    },
    remove: (id) =>
      store.update((stored) => {
        const rule = find(stored.rules, id);
        return {
          next: {
            ...stored,
            rules: stored.rules.filter((other) => other !== rule),
            removed: [rule, ...stored.removed].slice(0, keepRemoved),
          },
          result: rule,
        };
      }),
    restore: (id) =>
      store.update((stored) => {
        const rule = stored.removed.find((other) => other.id === id);
        if (!rule) throw new AppError("not_found", "This rule can no longer be brought back");
        return {
          next: {
            ...stored,
            rules: [...stored.rules, rule],
            removed: stored.removed.filter((other) => other !== rule),
          },
          result: rule,
        };
      }),
    ruleFor(subject) {
      const { rules } = store.get();
      return ruleFor(store.isOurs() ? rules : rules.filter(({ effect }) => effect === "deny"), subject, clock.now());
    },
    async endRun(runId) {
      const isOver = (rule: ApprovalRule): boolean => rule.runId === runId && rule.origin === "decision";
      if (!store.get().rules.some(isOver)) return;
      await store.update((stored) => ({
        next: { ...stored, rules: stored.rules.filter((rule) => !isOver(rule)) },
        result: undefined,
      }));
    },
    async noteUse(id) {
      const note = (rule: ApprovalRule): ApprovalRule =>
        rule.id === id ? { ...rule, uses: rule.uses + 1, lastUsedAt: now() } : rule;
      await store.update((stored) => ({
        next: { ...stored, rules: stored.rules.map(note), removed: stored.removed.map(note) },
        result: undefined,
      }));
    },
  };
}

const kindWords: Partial<Record<string, string>> = {
  read: "Reading",
  edit: "Editing files",
  delete: "Deleting files",
  move: "Moving files",
  search: "Searching",
  execute: "Commands",
  fetch: "Fetching addresses",
};

function find(rules: readonly ApprovalRule[], id: string): ApprovalRule {
  const found = rules.find((rule) => rule.id === id);
  if (!found) throw new AppError("not_found", "There is no such rule");
  return found;
}
