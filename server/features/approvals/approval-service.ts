import { randomBytes } from "node:crypto";

import type {
  Approval,
  ApprovalDecision,
  ApprovalScope,
  ApprovalSubject,
} from "../../../contract/features/approvals.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { ApprovalsFile } from "./approval-files.ts";
import type { ApprovalHistory } from "./approval-history.ts";
import { unlessSettled, type ApprovalSettler } from "./approval-settler.ts";
import { mayReachFurther } from "./rule-match.ts";
import type { RuleService } from "./rule-service.ts";
import { shownSubject } from "./shown-subject.ts";

/** Who answers, and from where. */
export interface Answerer {
  by: string;
  device: string | null;
}

export interface Answer extends Answerer {
  hash: string;
  answer: "allow" | "deny";
  scope: ApprovalScope;
  reason: string | null;
}

export interface ApprovalServiceOptions {
  store: JsonStore<ApprovalsFile>;
  settler: ApprovalSettler;
  history: Pick<ApprovalHistory, "find">;
  rules: RuleService;
  clock: Clock;
  /** How long a question waits before it is denied, in milliseconds. */
  expireAfterMs: () => number;
  publish(approval: Approval): void;
  /** An interrupted run goes on, because the question it left was answered. */
  goOn(runId: string): Promise<void>;
}

/** Questions to the user: each is asked once, answered once, and kept until whoever asked knows the answer. */
export interface ApprovalService {
  list(): { pending: Approval[]; recent: Approval[] };
  get(id: string): Promise<Approval>;
  /** Those that wait for an answer, or whose answer was not told yet. */
  open(): readonly Approval[];
  /** Puts a question down and asks the user, unless a rule answers it. */
  ask(question: { subject: ApprovalSubject; hash: string; contentHash?: string }): Promise<Approval>;
  /** Nobody hears the answer until the question is asked again: its run was interrupted. */
  park(id: string): Promise<void>;
  /** A parked question is asked again under another name; one that is answered is told. */
  unpark(id: string, asked: { subject: ApprovalSubject; hash: string }): Promise<void>;
  /** Throws `conflict` when it was settled before, or is not what was shown. */
  decide(id: string, answer: Answer): Promise<Approval>;
  /** What asked does not ask any more. */
  withdraw(id: string, reason: string): Promise<void>;
  /** The answer of a settled question is given once more, to somebody who did not hear it. */
  tellAgain(id: string): Promise<void>;
  /** Whoever asked knows the answer already. */
  setTold(id: string): Promise<void>;
  /** Asks the rules again about what waits, after they have changed. */
  applyRules(): Promise<void>;
  denyAll(who: Answerer, reason: string): Promise<number>;
  /** The rules that answer questions. */
  rules(): ReturnType<RuleService["list"]>;
  onAsked(listener: (approval: Approval) => void): void;
  onSettled(listener: (approval: Approval) => void): void;
  /** Settles what nobody answered in time, and tells answers that could not be told before. */
  lookAtTime(): Promise<void>;
}

export function createApprovalService(options: ApprovalServiceOptions): ApprovalService {
  const { store, settler, history, rules, clock, publish } = options;
  const { open, settle, announce } = settler;
  const listeners: ((approval: Approval) => void)[] = [];

  const waiting = (): Approval[] => open().filter(({ state }) => state === "pending");
  const settledOnes = (): Approval[] => open().filter(({ state }) => state !== "pending");
  const decision = (parts: Partial<ApprovalDecision>): ApprovalDecision => ({
    by: "PortOS",
    device: null,
    at: new Date(clock.now()).toISOString(),
    scope: "once",
    reason: null,
    ruleId: null,
    ...parts,
  });

  async function find(id: string): Promise<Approval> {
    const found =
      open().find((approval) => approval.id === id) ??
      settler.recent().find((approval) => approval.id === id) ??
      (await history.find(id));
    if (!found) throw new AppError("not_found", "There is no such question");
    return found;
  }

  function checkTime({ expiresAt }: Approval): void {
    if (Date.parse(expiresAt) <= clock.now())
      throw new AppError("conflict", "Nobody answered in time, so it is denied");
  }

  /** Rules are asked when a question comes and when they change, maybe at once: only what settles it is a use. */
  async function byRule(approval: Approval): Promise<void> {
    const rule = rules.ruleFor(approval.subject);
    if (!rule) return;
    const isAllowed = rule.effect === "allow";
    const reason = isAllowed ? null : "A rule denies this";
    const made = decision({ by: `Rule: ${rule.name}`, reason, ruleId: rule.id });
    const settled = await settle(approval.id, isAllowed ? "allowed" : "denied", made, (found) => {
      checkTime(found);
      // It may have run out, been changed or been deleted while this waited for its turn.
      const now = rules.ruleFor(found.subject);
      if (now?.id !== rule.id || now.effect !== rule.effect)
        throw new AppError("conflict", "This rule no longer answers it");
    });
    await rules.noteUse(rule.id);
    await announce(settled);
  }

  async function applyRules(): Promise<void> {
    for (const approval of waiting()) await unlessSettled(byRule(approval));
  }

  async function decide(id: string, answer: Answer): Promise<Approval> {
    const { by, device, hash, scope, reason } = answer;
    if (scope !== "once" && !mayReachFurther((await find(id)).subject))
      throw new AppError("invalid_request", "This can only be answered once: the next question may be quite another");
    const made = decision({ by, device, scope, reason });
    const settled = await settle(id, answer.answer === "allow" ? "allowed" : "denied", made, (found) => {
      if (found.hash !== hash)
        throw new AppError("conflict", "What is asked has changed since it was shown", {
          hint: "Read it again, then answer.",
        });
      checkTime(found);
    });
    if (scope !== "once") await rules.reachFurther(settled.subject, scope, answer);
    await announce(settled);
    const after = await find(id);
    if (after.isParked === true && after.subject.kind === "agent-tool") await options.goOn(after.subject.runId);
    if (after.state === "withdrawn")
      throw new AppError("conflict", "It is not asked any more: your answer came too late");
    if (scope !== "once") await applyRules();
    return after;
  }

  return {
    list: () => ({ pending: waiting(), recent: settler.recent() }),
    get: find,
    open,
    async ask({ subject, hash, contentHash }) {
      const made = newApproval(subject, hash, clock.now(), options.expireAfterMs());
      const approval = contentHash === undefined ? made : { ...made, contentHash };
      await store.update(({ approvals }) => ({ next: { approvals: [...approvals, approval] }, result: undefined }));
      await unlessSettled(byRule(approval));
      if (!waiting().some(({ id }) => id === approval.id)) return find(approval.id);
      publish(approval);
      for (const listener of listeners) listener(approval);
      return approval;
    },
    async park(id) {
      publish(await settler.change(id, (found) => ({ ...found, isParked: true })));
    },
    async unpark(id, { subject, hash }) {
      const asked = await settler.change(id, (found) => shown({ ...found, subject, hash, isParked: false }));
      await askedAgain(asked, options);
    },
    decide,
    withdraw: (id, reason) => unlessSettled(settle(id, "withdrawn", decision({ reason })).then(announce)),
    async tellAgain(id) {
      const settled = settledOnes().find((one) => one.id === id) ?? settler.recent().find((one) => one.id === id);
      if (settled) await settler.tell(settled);
    },
    async setTold(id) {
      const settled = settledOnes().find((one) => one.id === id);
      if (settled && !settler.isTelling(id)) await settler.tell({ ...settled, isDelivered: true });
    },
    applyRules,
    async denyAll({ by, device }, reason) {
      const made = decision({ by, device, reason });
      const denied = await store.update(({ approvals }) => {
        const next = approvals.map((approval): Approval =>
          isOpenTo(approval, settler) ? { ...approval, state: "denied", decision: made } : approval,
        );
        return { next: { approvals: next }, result: next.filter((approval, index) => approval !== approvals[index]) };
      });
      await Promise.all(denied.map(announce));
      return denied.length;
    },
    rules: () => rules.list(),
    onAsked: (listener) => void listeners.push(listener),
    onSettled: settler.onSettled,
    async lookAtTime() {
      const late = waiting().filter(({ expiresAt }) => Date.parse(expiresAt) <= clock.now());
      const made = decision({ reason: "Nobody answered in time" });
      for (const { id } of late) await unlessSettled(settle(id, "expired", made).then(announce));
      // Of a parked one it is heard when it is asked again.
      for (const approval of settledOnes()) if (approval.isParked !== true) await settler.tell(approval);
    },
  };
}

async function askedAgain(approval: Approval, { settler, publish }: ApprovalServiceOptions): Promise<void> {
  publish(approval);
  if (approval.state !== "pending") await settler.tell(approval);
}

function shown<T extends Pick<Approval, "subject">>(approval: T): T {
  return { ...approval, subject: shownSubject(approval.subject) };
}

function newApproval(subject: ApprovalSubject, hash: string, nowMs: number, expireAfterMs: number): Approval {
  return shown({
    id: randomBytes(10).toString("hex"),
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + expireAfterMs).toISOString(),
    subject,
    hash,
    state: "pending",
    decision: null,
    isDelivered: false,
  });
}

/** Whether a no still comes in time: nobody has answered, or nobody was told yes. */
function isOpenTo({ id, state, isDelivered }: Approval, settler: ApprovalSettler): boolean {
  return state === "pending" || (state === "allowed" && !isDelivered && !settler.isTelling(id));
}
