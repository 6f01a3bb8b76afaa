import { randomBytes } from "node:crypto";

import type { CodeChanges, Incident } from "../contract/internal/autofixer.ts";
import { AppError } from "../lib/app-error.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Pm2HomeName, Pm2Process } from "../lib/processes/pm2-types.ts";
import type { RanWell } from "./code-changes.ts";
import type { UnaskedEnd } from "./exit-watch.ts";
import type { IncidentBook } from "./incident-book.ts";
import type { LastEnd } from "./last-end.ts";
import { processMark } from "./process-key.ts";
import { decide, endText, exitText, processOf, type RepairPolicy } from "./repair-policy.ts";

export interface IncidentEngineOptions {
  book: IncidentBook;
  /** Processes of all homes as they are now. A home whose PM2 does not answer is missing from `homes`. */
  look(): Promise<{ processes: Pm2Process[]; homes: ReadonlySet<Pm2HomeName> }>;
  restart(home: Pm2HomeName, pmId: number): Promise<void>;
  stop(home: Pm2HomeName, pmId: number): Promise<void>;
  lastEnd(home: Pm2HomeName, name: string, pmId: number): Promise<LastEnd>;
  logTail(process: Pm2Process): Promise<string[]>;
  markRanWell(cwd: string, onlineSince: string): Promise<RanWell | null>;
  codeChanges(cwd: string, ranWell: RanWell | null): Promise<CodeChanges | null>;
  onChange(): void;
  policy: RepairPolicy;
  /** Time PM2 needs to write the last output of a process after it has ended. */
  flushMs: number;
  clock: Clock;
  logger: Logger;
}

/** Records crashes, follows each until it is settled, and restarts what PM2 has given up, within limits. */
export class IncidentEngine {
  readonly #options: IncidentEngineOptions;
  /** Everything that changes an incident happens one after the other. */
  #queue: Promise<void> = Promise.resolve();
  readonly #inspecting = new Map<string, { isAgain: boolean }>();
  /** Processes whose state of the code is noted for this run already: key → since when it runs. */
  readonly #noted = new Map<string, string>();

  /** Incident → since when its process is not in PM2 any more. */
  readonly #goneSince = new Map<string, number>();

  constructor(options: IncidentEngineOptions) {
    this.#options = options;
  }

  /** A process ended without having been asked to. */
  crashed(end: UnaskedEnd): Promise<void> {
    return pause(this.#options.flushMs).then(() => this.#enqueue(() => this.#takeIn(end)));
  }

  async #takeIn(end: UnaskedEnd): Promise<void> {
    const { signal, wasAsked } = await this.#options.lastEnd(end.home, end.name, end.pmId);
    if (wasAsked) return;
    const { processes } = await this.#options.look();
    const process = processes.find((one) => isSame(one, end));
    if (!process) return;
    // A program that ends by itself without an error did what it wanted; only giving up makes it an incident.
    if (signal === null && (end.code ?? 0) === 0 && !end.isGivenUp && !this.#activeOf(process, processes)) return;
    await this.#record(process, { code: signal === null ? end.code : null, signal, at: iso(end.at) }, processes);
  }

  /** Looks at all processes: settles, restarts, gives up, and finds what the bus did not tell. */
  tick(): Promise<void> {
    return this.#enqueue(async () => {
      const { processes, homes } = await this.#options.look();
      for (const process of processes) {
        if (process.status === "errored" && !this.#activeOf(process, processes) && !this.#isDismissed(process)) {
          const at = iso(this.#options.clock.now());
          await this.#record(process, { code: process.exitCode, signal: null, at }, processes);
        }
      }
      await this.#settleDoubles(processes);
      for (const incident of this.#options.book.active()) {
        if (!homes.has(incident.process.home)) continue;
        await this.#follow(incident, processOf(incident, processes));
      }
      await this.#noteRunningWell(processes);
    });
  }

  /** A process that is gone is waited for, one that came back under another number is followed on. */
  async #follow(incident: Incident, process: Pm2Process | null): Promise<void> {
    const { clock, policy } = this.#options;
    if (process === null) {
      const since = this.#goneSince.get(incident.id) ?? clock.now();
      this.#goneSince.set(incident.id, since);
      if (clock.now() - since >= policy.goneMs) await this.#deal(incident, null);
      return;
    }
    this.#goneSince.delete(incident.id);
    const { pmId } = process;
    const followed =
      pmId === incident.process.pmId
        ? incident
        : await this.#save({ ...incident, process: { ...incident.process, pmId } }, incident.reason);
    await this.#deal(followed, process);
  }

  /** The user has seen it: it goes to the history, and nothing is restarted any more because of it. */
  dismiss(id: string): Promise<Incident> {
    return this.#change(id, async (incident) => {
      const { processes } = await this.#options.look();
      const process = processes.find((one) => isSame(one, incident.process));
      if (process) await this.#options.book.rememberDismissed(runKey(process), process.restarts);
      return this.#settle(incident, "dismissed", "Dismissed by you.");
    });
  }

  /** Restarts the process now; the autofixer starts counting anew. */
  retry(id: string): Promise<Incident> {
    return this.#change(id, async (incident) => {
      await this.#options.restart(incident.process.home, incident.process.pmId);
      const next = { ...incident, status: "open" as const, attempts: [], nextAttemptAt: null, crashes: 1 };
      return this.#save(next, "Restarted by you; watched until it has run well for a while.");
    });
  }

  /** When to look next because of an incident: a planned restart, or the time to judge how it goes on. */
  nextDueAt(after: number): number | null {
    const { book, policy } = this.#options;
    const times = book.active().flatMap(({ status, exit, attempts, nextAttemptAt }) => {
      if (status !== "open") return [];
      const last = Math.max(Date.parse(exit.at), Date.parse(attempts.at(-1)?.at ?? exit.at));
      const planned = nextAttemptAt === null ? [] : [Date.parse(nextAttemptAt)];
      return [...planned, last + policy.settleMs, last + policy.stableMs + policy.settleMs];
    });
    for (const since of this.#goneSince.values()) times.push(since + policy.goneMs);
    const coming = times.filter((time) => time > after);
    return coming.length === 0 ? null : Math.min(...coming);
  }

  async #record(process: Pm2Process, exit: Incident["exit"], all: readonly Pm2Process[]): Promise<void> {
    const { clock, logger } = this.#options;
    const open = this.#activeOf(process, all);
    if (open?.status === "gave-up" && exit.at <= open.updatedAt) {
      // It ended before it was given up; word of it only came later.
      await this.#save({ ...open, exit, crashes: open.crashes + 1 }, open.reason);
      return;
    }
    if (open?.status === "gave-up") {
      // Somebody started it again and it crashed again: that is another incident.
      await this.#settle(open, "gave-up", open.reason);
    }
    const before = open?.status === "open" ? open : null;
    const now = iso(clock.now());
    const incident: Incident = before
      ? { ...before, exit, crashes: before.crashes + 1, nextAttemptAt: null } // it ran, so what was planned is over
      : newIncident(process, exit, now, this.#options.policy.pausesMs.length);
    await this.#save(incident, `${endText(exit)}. PM2 starts it again.`);
    logger.warn("A process crashed", { process: process.name, exit: exitText(exit), crashes: incident.crashes });
    this.#inspect(incident.id, process);
    const saved = this.#activeOf(process, all);
    if (saved) await this.#deal(saved, process);
  }

  async #deal(incident: Incident, process: Pm2Process | null): Promise<void> {
    const decision = decide(incident, process, this.#options.clock.now(), this.#options.policy);
    switch (decision.kind) {
      case "nothing":
        return;
      case "watch":
        if (incident.reason !== decision.reason || incident.nextAttemptAt !== null)
          await this.#save({ ...incident, nextAttemptAt: null }, decision.reason);
        return;
      case "wait":
        await this.#save({ ...incident, nextAttemptAt: decision.at }, decision.reason);
        return;
      case "restart":
        await this.#attempt(incident);
        return;
      case "close":
        await this.#settle(incident, decision.status, decision.reason);
        return;
      case "give-up":
        await this.#save({ ...incident, status: "gave-up", nextAttemptAt: null }, decision.reason);
        this.#options.logger.error("Gave up a process", { process: incident.process.name, reason: decision.reason });
        if (decision.stopProcess) await this.#options.stop(incident.process.home, incident.process.pmId);
    }
  }

  /** The attempt is on disk before it is made: a crash of our own cannot make it endless. */
  async #attempt(incident: Incident): Promise<void> {
    const at = iso(this.#options.clock.now());
    const counted = { ...incident, nextAttemptAt: null, attempts: [...incident.attempts, { at, problem: null }] };
    const number = counted.attempts.length;
    const saved = await this.#save(
      counted,
      `Restart ${number} of ${incident.maxAttempts}; watched until it runs well.`,
    );
    try {
      await this.#options.restart(incident.process.home, incident.process.pmId);
    } catch (error) {
      const problem = error instanceof AppError ? error.message : "PM2 refused";
      this.#options.logger.error("A restart failed", { process: incident.process.name }, error);
      await this.#save(
        { ...saved, attempts: [...incident.attempts, { at, problem }] },
        `Restart ${number}: ${problem}.`,
      );
    }
  }

  /** Reads the log and asks git, apart from everything else; a crash loop causes one inspection at a time. */
  #inspect(id: string, process: Pm2Process): void {
    const running = this.#inspecting.get(id);
    if (running) {
      running.isAgain = true;
      return;
    }
    const state = { isAgain: false };
    this.#inspecting.set(id, state);
    this.#inspectOnce(id, process)
      .catch((error: unknown) => {
        this.#options.logger.error("An incident could not be looked into", { id }, error);
      })
      .finally(() => {
        this.#inspecting.delete(id);
        if (state.isAgain) this.#inspect(id, process);
      });
  }

  async #inspectOnce(id: string, process: Pm2Process): Promise<void> {
    const { book, logTail, codeChanges } = this.#options;
    await book.saveLines(id, await logTail(process));
    const changes = await codeChanges(process.cwd, book.ranWell(runKey(process)));
    await this.#enqueue(async () => {
      const incident = book.active().find((one) => one.id === id);
      if (incident && JSON.stringify(incident.changes) !== JSON.stringify(changes))
        await this.#save({ ...incident, changes }, incident.reason);
    });
  }

  async #noteRunningWell(processes: readonly Pm2Process[]): Promise<void> {
    const { book, clock, policy } = this.#options;
    for (const process of processes) {
      const key = runKey(process);
      const { onlineSince } = process;
      if (process.status !== "online" || onlineSince === null || this.#noted.get(key) === onlineSince) continue;
      if (clock.now() - Date.parse(onlineSince) < policy.stableMs) continue;
      this.#noted.set(key, onlineSince);
      const mark = await this.#options.markRanWell(process.cwd, onlineSince);
      if (mark && book.ranWell(key)?.at !== mark.at) await book.rememberRanWell(key, mark);
    }
  }

  async #save(incident: Incident, reason: string): Promise<Incident> {
    const next = { ...incident, reason, updatedAt: iso(this.#options.clock.now()) };
    await this.#options.book.put(next);
    this.#options.onChange();
    return next;
  }

  async #settle(incident: Incident, status: Incident["status"], reason: string): Promise<Incident> {
    const now = iso(this.#options.clock.now());
    const next = { ...incident, status, reason, nextAttemptAt: null, updatedAt: now, closedAt: now };
    this.#goneSince.delete(incident.id);
    await this.#options.book.settle(next);
    this.#options.onChange();
    return next;
  }

  /** It still lies where the user saw it: no start of it since then. */
  #isDismissed(process: Pm2Process): boolean {
    return this.#options.book.dismissedAt(runKey(process)) === process.restarts;
  }

  /** Also that of a process which was made anew since, under another number. */
  #activeOf(process: Pm2Process, all: readonly Pm2Process[]): Incident | undefined {
    const active = this.#options.book.active();
    const isBack = ({ id, process: { home, name } }: Incident): boolean =>
      this.#goneSince.has(id) && home === process.home && name === process.name;
    return (
      active.find((incident) => isSame(incident.process, process)) ??
      active.find((incident) => processOf(incident, all) === process || isBack(incident))
    );
  }

  /** Of several unsettled incidents of one process only that of its last end is true. */
  async #settleDoubles(processes: readonly Pm2Process[]): Promise<void> {
    const newest = new Map<Pm2Process, Incident>();
    for (const incident of this.#options.book.active()) {
      const process = processOf(incident, processes);
      if (process === null) continue;
      const other = newest.get(process);
      const isNewer = other === undefined || incident.exit.at > other.exit.at;
      if (isNewer) newest.set(process, incident);
      const old = isNewer ? other : incident;
      const why = "Its process was made anew and crashed again: a newer incident tells of it.";
      if (old !== undefined) await this.#settle(old, "removed", why);
    }
  }

  async #change(id: string, work: (incident: Incident) => Promise<Incident>): Promise<Incident> {
    let result: Incident | undefined;
    let failure: unknown;
    await this.#enqueue(async () => {
      try {
        const incident = this.#options.book.active().find((one) => one.id === id);
        if (!incident) throw new AppError("conflict", "This incident is settled already");
        result = await work(incident);
      } catch (error) {
        failure = error;
      }
    });
    if (!result) throw failure;
    return result;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#options.logger.error("An incident could not be dealt with", {}, error);
    });
    return this.#queue;
  }
}

function newIncident(process: Pm2Process, exit: Incident["exit"], now: string, maxAttempts: number): Incident {
  const { home, pmId, name, cwd } = process;
  const { key, kind, appId } = processMark(process);
  return {
    id: `${Date.parse(now).toString(36)}-${randomBytes(4).toString("hex")}`,
    process: { key, home, pmId, name, cwd, appId, isOwn: kind === "own" },
    status: "open",
    openedAt: now,
    updatedAt: now,
    closedAt: null,
    exit,
    crashes: 1,
    attempts: [],
    maxAttempts,
    nextAttemptAt: null,
    reason: "",
    changes: null,
  };
}

function isSame(
  a: { home: Pm2HomeName; pmId: number; name: string },
  b: { home: Pm2HomeName; pmId: number; name: string },
): boolean {
  return a.home === b.home && a.pmId === b.pmId && a.name === b.name;
}

function runKey({ home, name }: { home: Pm2HomeName; name: string }): string {
  return `${home}:${name}`;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
