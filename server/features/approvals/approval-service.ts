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
import type { Logger } from "../../../lib/logger.ts";
import type { ApprovalsFile } from "./approval-files.ts";
import type { ApprovalHistory, HistoryFilter } from "./approval-history.ts";
import { mayReachFurther } from "./rule-match.ts";
import type { RuleService } from "./rule-service.ts";

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

/** `gone`: whoever asked no longer waits for this answer. Throws when it cannot be reached now. */
export type Deliver = (approval: Approval) => Promise<"told" | "gone">;

export interface ApprovalServiceOptions {
  store: JsonStore<ApprovalsFile>;
  history: ApprovalHistory;
  rules: RuleService;
  deliver: Deliver;
  clock: Clock;
  logger: Logger;
  /** How long a question waits before it is denied, in milliseconds. */
  expireAfterMs: () => number;
  publish(approval: Approval): void;
}

/** Questions to the user: each is asked once, answered once, and kept until whoever asked knows the answer. */
export interface ApprovalService {
  list(): { pending: Approval[]; recent: Approval[] };
  get(id: string): Promise<Approval>;
  history(filter: HistoryFilter): Promise<{ items: Approval[]; next: string | null }>;
  /** Those that wait for an answer, or whose answer was not told yet. */
  open(): readonly Approval[];
  /** Puts a question down and asks the user, unless a rule answers it. */
  ask(question: { subject: ApprovalSubject; hash: string }): Promise<Approval>;
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
  onAsked(listener: (approval: Approval) => void): void;
  onSettled(listener: (approval: Approval) => void): void;
  /** Settles what nobody answered in time, and tells answers that could not be told before. */
  lookAtTime(): Promise<void>;
  /** Reads what was settled last; finishes what a crash left half done. */
  start(): Promise<void>;
}

const keepRecent = 50;
const hereForMs = 30 * 60_000;
const runForMs = 24 * 60 * 60_000;

export function createApprovalService(options: ApprovalServiceOptions): ApprovalService {
  const { store, history, rules, deliver, clock, logger, publish } = options;
  const listeners = { asked: [] as ((approval: Approval) => void)[], settled: [] as ((approval: Approval) => void)[] };
  /** Newest first. */
  let recent: Approval[] = [];
  /** Answers that are being told just now. */
  const telling = new Map<string, Promise<void>>();

  const open = (): readonly Approval[] => store.get().approvals;
  const isoNow = (): string => new Date(clock.now()).toISOString();

  function change(id: string, make: (found: Approval) => Approval): Promise<Approval> {
    return store.update(({ approvals }) => {
      const found = approvals.find((approval) => approval.id === id);
      if (!found) throw settledError(recent.find((approval) => approval.id === id));
      const next = make(found);
      return { next: { approvals: approvals.map((other) => (other === found ? next : other)) }, result: next };
    });
  }

  /** Only what still waits can be settled: who comes second learns who was first. */
  function settle(id: string, state: Approval["state"], decision: ApprovalDecision, check?: (found: Approval) => void) {
    return change(id, (found) => {
      if (found.state !== "pending") throw settledError(found);
      check?.(found);
      return { ...found, state, decision, isDelivered: state === "withdrawn" };
    });
  }

  /** On disk already: now everybody learns it, first of all whoever asked. */
  async function announce(approval: Approval): Promise<void> {
    recent = [approval, ...recent.filter(({ id }) => id !== approval.id)].slice(0, keepRecent);
    publish(approval);
    for (const listener of listeners.settled) listener(approval);
    await tell(approval, true);
  }

  function tell(approval: Approval, isFirst: boolean): Promise<void> {
    const running = telling.get(approval.id);
    if (running) return running;
    const work = tellNow(approval, isFirst).finally(() => {
      telling.delete(approval.id);
    });
    telling.set(approval.id, work);
    return work;
  }

  async function tellNow(approval: Approval, isFirst: boolean): Promise<void> {
    try {
      const outcome = approval.isDelivered ? "told" : await deliver(approval);
      // Told before and not heard of, it may well have reached them: only a first attempt is sure.
      await finish(outcome === "gone" && isFirst ? await lose(approval) : approval);
    } catch (error) {
      logger.warn("An answer could not be told yet", { approval: approval.id, problem: String(error) });
    }
  }

  function lose(approval: Approval): Promise<Approval> {
    const decision = approval.decision && {
      ...approval.decision,
      reason: "It was not asked any more when the answer came",
    };
    return change(approval.id, (found) => ({ ...found, state: "withdrawn", decision }));
  }

  /** History first, then off the list: a crash in between leaves it in both, never in none. */
  async function finish(approval: Approval): Promise<void> {
    const told = await change(approval.id, (found) => ({ ...found, state: approval.state, isDelivered: true }));
    await history.append(told);
    await drop(told.id);
    recent = recent.map((other) => (other.id === told.id ? told : other));
    publish(told);
  }

  function drop(id: string): Promise<void> {
    return store.update(({ approvals }) => ({
      next: { approvals: approvals.filter((other) => other.id !== id) },
      result: undefined,
    }));
  }

  async function byRule(approval: Approval): Promise<boolean> {
    const rule = await rules.use(approval.subject);
    if (!rule) return false;
    const decision: ApprovalDecision = {
      by: `Rule: ${rule.name}`,
      device: null,
      at: isoNow(),
      scope: "once",
      reason: rule.effect === "deny" ? "A rule denies this" : null,
      ruleId: rule.id,
    };
    await announce(await settle(approval.id, rule.effect === "allow" ? "allowed" : "denied", decision));
    return true;
  }

  async function applyRules(): Promise<void> {
    for (const approval of open().filter(({ state }) => state === "pending")) await unlessSettled(byRule(approval));
  }

  /** An answer that reaches further becomes a rule of its own, listed like every other. */
  async function reachFurther({ subject }: Approval, { scope, answer, by }: Answer): Promise<void> {
    if (scope === "once" || subject.kind !== "agent-tool") return;
    const { tool, folder, runId, runTitle } = subject;
    const isRun = scope === "run";
    const expiresAt = new Date(clock.now() + (isRun ? runForMs : hereForMs)).toISOString();
    const name = `${kindWords[tool] ?? tool} in ${isRun ? runTitle : folder}`.slice(0, 120);
    await rules.create(
      { name, effect: answer, tools: [tool], expiresAt, folder, ...(isRun ? { runId } : {}) },
      by,
      "decision",
    );
  }

  async function decide(id: string, answer: Answer): Promise<Approval> {
    const { by, device, hash, scope, reason } = answer;
    const decision: ApprovalDecision = { by, device, at: isoNow(), scope, reason, ruleId: null };
    const known = open().find((approval) => approval.id === id) ?? (await find(id));
    if (scope !== "once" && !mayReachFurther(known.subject))
      throw new AppError("invalid_request", "This can only be answered once: the next question may be quite another");
    const settled = await settle(id, answer.answer === "allow" ? "allowed" : "denied", decision, (found) => {
      if (found.hash !== hash)
        throw new AppError("conflict", "What is asked has changed since it was shown", {
          hint: "Read it again, then answer.",
        });
      if (Date.parse(found.expiresAt) <= clock.now())
        throw new AppError("conflict", "Nobody answered in time, so it is denied");
    });
    await reachFurther(settled, answer);
    await announce(settled);
    const after = await find(id);
    if (after.state === "withdrawn")
      throw new AppError("conflict", "It is not asked any more: your answer came too late");
    if (scope !== "once") await applyRules();
    return after;
  }

  async function find(id: string): Promise<Approval> {
    const found =
      open().find((approval) => approval.id === id) ??
      recent.find((approval) => approval.id === id) ??
      (await history.find(id));
    if (!found) throw new AppError("not_found", "There is no such question");
    return found;
  }

  return {
    list: () => ({ pending: open().filter(({ state }) => state === "pending"), recent }),
    get: find,
    history: (filter) => history.page(filter),
    open,
    async ask({ subject, hash }) {
      const now = clock.now();
      const approval: Approval = {
        id: randomBytes(10).toString("hex"),
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + options.expireAfterMs()).toISOString(),
        subject,
        hash,
        state: "pending",
        decision: null,
        isDelivered: false,
      };
      await store.update(({ approvals }) => ({ next: { approvals: [...approvals, approval] }, result: undefined }));
      if (await byRule(approval)) return find(approval.id);
      publish(approval);
      for (const listener of listeners.asked) listener(approval);
      return approval;
    },
    decide,
    async withdraw(id, reason) {
      const decision: ApprovalDecision = {
        by: "PortOS",
        device: null,
        at: isoNow(),
        scope: "once",
        reason,
        ruleId: null,
      };
      await unlessSettled(settle(id, "withdrawn", decision).then(announce));
    },
    async tellAgain(id) {
      const settled = open().find((approval) => approval.id === id && approval.state !== "pending");
      if (settled) await tell(settled, false);
      else {
        const before = recent.find((approval) => approval.id === id);
        if (before) await deliver(before).catch(() => "gone"); // it is asked about again as long as it is asked
      }
    },
    async setTold(id) {
      const settled = open().find((approval) => approval.id === id && approval.state !== "pending");
      if (settled && !telling.has(id)) await tell({ ...settled, isDelivered: true }, false);
    },
    applyRules,
    async denyAll({ by, device }, reason) {
      const decision: ApprovalDecision = { by, device, at: isoNow(), scope: "once", reason, ruleId: null };
      const denied = await store.update(({ approvals }) => {
        const isDenied = ({ state, isDelivered, id }: Approval): boolean =>
          state === "pending" || (state === "allowed" && !isDelivered && !telling.has(id));
        const next = approvals.map((approval): Approval =>
          isDenied(approval) ? { ...approval, state: "denied", decision } : approval,
        );
        return { next: { approvals: next }, result: next.filter((approval, index) => approval !== approvals[index]) };
      });
      await Promise.all(denied.map(announce));
      return denied.length;
    },
    onAsked: (listener) => void listeners.asked.push(listener),
    onSettled: (listener) => void listeners.settled.push(listener),
    async lookAtTime() {
      const now = clock.now();
      for (const { id, expiresAt } of open().filter(({ state }) => state === "pending"))
        if (Date.parse(expiresAt) <= now) {
          const reason = "Nobody answered in time";
          const decision: ApprovalDecision = {
            by: "PortOS",
            device: null,
            at: isoNow(),
            scope: "once",
            reason,
            ruleId: null,
          };
          await unlessSettled(settle(id, "expired", decision).then(announce));
        }
      for (const approval of open().filter(({ state }) => state !== "pending")) await tell(approval, false);
    },
    async start() {
      const page = await history.page({ limit: keepRecent });
      recent = page.items;
      for (const approval of open().filter(({ isDelivered }) => isDelivered)) {
        if ((await history.find(approval.id)) === null) await history.append(approval);
        await drop(approval.id);
      }
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

function settledError(settled: Approval | undefined): AppError {
  if (!settled?.decision) return new AppError("not_found", "There is no such question");
  const { state, decision } = settled;
  if (state === "expired") return new AppError("conflict", "Nobody answered in time, so it was denied");
  if (state === "withdrawn") return new AppError("conflict", "It is not asked any more");
  const where = decision.device === null ? "" : ` on ${decision.device}`;
  return new AppError("conflict", `Already ${state} by ${decision.by}${where}`);
}

/** Somebody else may settle it first; that is as good. */
async function unlessSettled(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "conflict" && error.code !== "not_found")) throw error;
  }
}
