import type { Approval, ApprovalDecision } from "../../../contract/features/approvals.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { ApprovalsFile } from "./approval-files.ts";
import type { ApprovalHistory } from "./approval-history.ts";

/** `gone`: whoever asked no longer waits for this answer. `later`: it is asked again, and told then. Throws when it cannot be reached now. */
export type Deliver = (approval: Approval) => Promise<"told" | "gone" | "later">;

export interface ApprovalSettlerOptions {
  store: JsonStore<ApprovalsFile>;
  history: ApprovalHistory;
  deliver: Deliver;
  logger: Logger;
  publish(approval: Approval): void;
}

/** Takes a question from its settlement on disk to whoever asked, and then to the history. */
export interface ApprovalSettler {
  /** Those that wait for an answer, or whose answer was not told yet. */
  open(): readonly Approval[];
  /** Settled last, newest first. */
  recent(): Approval[];
  /** Throws `conflict` when it was settled before, with who did it; `check` may refuse, too. */
  settle(
    id: string,
    state: Approval["state"],
    decision: ApprovalDecision,
    check?: (found: Approval) => void,
  ): Promise<Approval>;
  /** Writes down what has changed about one that is open. Throws when it is not open any more. */
  change(id: string, make: (found: Approval) => Approval): Promise<Approval>;
  /** What was settled on disk becomes known to everybody, first of all to whoever asked. */
  announce(approval: Approval): Promise<void>;
  /** Tells an answer that was not told, or not heard. Never throws: it is tried again later. */
  tell(approval: Approval): Promise<void>;
  isTelling(id: string): boolean;
  onSettled(listener: (approval: Approval) => void): void;
  /** Reads what was settled last; finishes what a crash left half done. */
  start(): Promise<void>;
}

const keepRecent = 50;

export function createApprovalSettler(options: ApprovalSettlerOptions): ApprovalSettler {
  const { store, history, deliver, logger, publish } = options;
  const listeners: ((approval: Approval) => void)[] = [];
  let recent: Approval[] = [];
  /** Answers that are being told just now. */
  const telling = new Map<string, Promise<void>>();

  const open = (): readonly Approval[] => store.get().approvals;

  function change(id: string, make: (found: Approval) => Approval): Promise<Approval> {
    return store.update(({ approvals }) => {
      const found = approvals.find((approval) => approval.id === id);
      if (!found) throw settledError(recent.find((approval) => approval.id === id));
      const next = make(found);
      return { next: { approvals: approvals.map((other) => (other === found ? next : other)) }, result: next };
    });
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
      if (outcome === "later") return;
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

  return {
    open,
    recent: () => recent,
    change,
    settle: (id, state, decision, check) =>
      change(id, (found) => {
        if (found.state !== "pending") throw settledError(found);
        check?.(found);
        return { ...found, state, decision, isDelivered: state === "withdrawn" };
      }),
    async announce(approval) {
      recent = [approval, ...recent.filter(({ id }) => id !== approval.id)].slice(0, keepRecent);
      publish(approval);
      for (const listener of listeners) listener(approval);
      await tell(approval, true);
    },
    async tell(approval) {
      if (open().some(({ id }) => id === approval.id)) await tell(approval, false);
      else await deliver(approval).catch(() => "gone" as const); // asked about again as long as it is asked
    },
    isTelling: (id) => telling.has(id),
    onSettled: (listener) => void listeners.push(listener),
    async start() {
      recent = (await history.page({ limit: keepRecent })).items;
      for (const approval of open().filter(({ isDelivered }) => isDelivered)) {
        if ((await history.find(approval.id)) === null) await history.append(approval);
        await drop(approval.id);
      }
    },
  };
}

function settledError(settled: Approval | undefined): AppError {
  if (!settled?.decision) return new AppError("not_found", "There is no such question");
  const { state, decision } = settled;
  if (state === "expired") return new AppError("conflict", "Nobody answered in time, so it was denied");
  if (state === "withdrawn") return new AppError("conflict", "It is not asked any more");
  const where = decision.device === null ? "" : ` on ${decision.device}`;
  return new AppError("conflict", `Already ${state} by ${decision.by}${where}`);
}

/** Somebody else may settle it first; that is as good. */
export async function unlessSettled(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "conflict" && error.code !== "not_found")) throw error;
  }
}
