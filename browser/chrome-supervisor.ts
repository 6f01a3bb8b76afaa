import type { BrowserSettings, BrowserState, BrowserStatus } from "../contract/internal/browser.ts";
import { AppError } from "../lib/app-error.ts";
import { hasProvedItself, nextPauseMs, type BackOff } from "../lib/back-off.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { ChromeProcess, RunningChrome } from "./chrome-process.ts";
import type { DeepHealthCheck } from "./deep-health.ts";

export interface SupervisorTiming extends BackOff {
  /** How often a quick question goes to Chrome. */
  watchMs: number;
  /** How often the deep check runs without a suspicion. */
  deepEveryMs: number;
  /** Limit of a deep check that decides about a restart: a busy machine is no hang. */
  suspectBudgetMs: number;
  /** Looks this often for a Chrome that was installed meanwhile. */
  searchMs: number;
}

export const defaultTiming: SupervisorTiming = {
  pausesMs: [1_000, 2_000, 5_000, 15_000, 30_000],
  stableMs: 60_000,
  watchMs: 10_000,
  deepEveryMs: 300_000,
  suspectBudgetMs: 6_000,
  searchMs: 60_000,
};

export interface SupervisorOptions {
  chrome: ChromeProcess;
  health: DeepHealthCheck;
  /** A quick question to Chrome; rejects when it does not answer. */
  ping(): Promise<unknown>;
  /** Program to run, `null` when there is none; throws when the named one is wrong. */
  find(): string | null;
  arguments(): string[];
  settings(): BrowserSettings;
  onChange(): void;
  clock: Clock;
  logger: Logger;
  timing?: SupervisorTiming;
}

type Progress = Pick<
  BrowserState,
  "status" | "reason" | "hint" | "executable" | "startedAt" | "restarts" | "lastRestart" | "nextTryAt"
>;

const hungAfterFailures = 2;

/** Keeps one Chrome running as the settings say: starts it, notices that it ended or hangs, tries again, gives up. */
export class ChromeSupervisor {
  readonly #options: SupervisorOptions;
  readonly #timing: SupervisorTiming;
  #progress: Progress = {
    status: "stopped",
    reason: null,
    hint: null,
    executable: null,
    startedAt: null,
    restarts: 0,
    lastRestart: null,
    nextTryAt: null,
  };
  #running: RunningChrome | null = null;
  #failures = 0;
  #isStopped = true;
  #timer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #deepDueAt = 0;
  /** Starting, stopping and restarting happen one after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timing = options.timing ?? defaultTiming;
  }

  start(): void {
    this.#isStopped = false;
    void this.#enqueue(() => this.#begin());
  }

  /** Ends Chrome and everything that would start it again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchTimer);
    await this.#enqueue(() => this.#drop(false));
  }

  /** Ends Chrome when it runs and starts it as the settings say now; earlier failures are forgotten. */
  async apply(reason: string): Promise<void> {
    await this.#enqueue(async () => {
      clearTimeout(this.#timer);
      this.#failures = 0;
      await this.#drop(false);
      this.#progress = { ...this.#progress, reason };
      await this.#begin();
    });
  }

  running(): RunningChrome | null {
    return this.#running;
  }

  progress(): Progress {
    return this.#progress;
  }

  #set(status: BrowserStatus, change: Partial<Progress> = {}): void {
    this.#progress = { ...this.#progress, reason: null, hint: null, nextTryAt: null, ...change, status };
    this.#options.onChange();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#options.logger.error("Chrome could not be supervised", {}, error);
      this.#set("errored", describe(error));
    });
    return this.#queue;
  }

  async #begin(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#running) return;
    if (!this.#options.settings().isEnabled) {
      this.#set("stopped", { reason: "Switched off in the settings", startedAt: null });
      return;
    }
    try {
      const executable = this.#options.find();
      if (executable === null) {
        this.#set("not_installed", { reason: "No Chrome or Chromium was found on this machine", executable });
        this.#later(this.#timing.searchMs);
      } else await this.#launch(executable);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#retry(describe(error), error.code === "unavailable");
    }
  }

  async #launch(executable: string): Promise<void> {
    const { chrome, health, clock } = this.#options;
    this.#set("launching", { executable, startedAt: null, reason: this.#progress.reason });
    const args = this.#options.arguments();
    health.forget();
    const started = (await chrome.adopt(args)) ?? (await chrome.launch(executable, args));
    this.#running = started;
    this.#deepDueAt = clock.monotonic();
    this.#set("online", { startedAt: this.#isoNow() });
    void started.ended.then((how) => {
      if (this.#running === started) void this.#enqueue(() => this.#ended(started, how, false));
    });
    this.#watch(started, 0);
  }

  async #ended(subject: RunningChrome, reason: string, isHung: boolean): Promise<void> {
    if (this.#running !== subject) return;
    const { startedAt } = this.#progress;
    if (startedAt !== null && hasProvedItself(this.#timing, Date.parse(startedAt), this.#options.clock.now()))
      this.#failures = 0;
    await this.#drop(isHung);
    this.#retry({ reason, hint: null }, true);
  }

  /** Plans the next try, or gives up: after the last pause, and at once when trying again cannot help. */
  #retry(why: { reason: string; hint: string | null }, mayHelp: boolean): void {
    const pauseMs = nextPauseMs(this.#timing, this.#failures);
    this.#failures += 1;
    this.#options.logger.warn("Chrome is not running", { reason: why.reason, failures: this.#failures });
    if (!mayHelp || pauseMs === null) {
      const tries = mayHelp ? ` (tried ${this.#failures} times)` : "";
      const hint = why.hint ?? "Restart it here when the cause is gone.";
      this.#set("errored", { reason: why.reason + tries, hint, startedAt: null });
      return;
    }
    this.#set("waiting", {
      ...why,
      restarts: this.#progress.restarts + 1,
      lastRestart: { at: this.#isoNow(), reason: why.reason },
      nextTryAt: new Date(this.#options.clock.now() + pauseMs).toISOString(),
      startedAt: null,
    });
    this.#later(pauseMs);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#enqueue(() => this.#begin()), ms);
  }

  #watch(subject: RunningChrome, suspicions: number): void {
    clearTimeout(this.#watchTimer);
    const ms = suspicions === 0 ? this.#timing.watchMs : this.#timing.watchMs / 2;
    this.#watchTimer = setTimeout(() => {
      this.#look(subject, suspicions).catch((error: unknown) => {
        this.#options.logger.error("Chrome could not be watched", {}, error);
        this.#watch(subject, suspicions);
      });
    }, ms);
  }

  /** A quick question first; the deep check when that fails or is due. Failing twice in a row is a hang. */
  async #look(subject: RunningChrome, suspicions: number): Promise<void> {
    if (!this.#isCurrent(subject)) return;
    const { health, clock } = this.#options;
    const isAnswering = await this.#options.ping().then(
      () => true,
      () => false,
    );
    if (!this.#isCurrent(subject)) return;
    if (isAnswering && suspicions === 0 && clock.monotonic() < this.#deepDueAt) {
      this.#watch(subject, 0);
      return;
    }
    const result = await health.check(this.#timing.suspectBudgetMs);
    this.#options.onChange();
    if (!this.#isCurrent(subject)) return;
    if (result.isOk) {
      this.#deepDueAt = clock.monotonic() + this.#timing.deepEveryMs;
      this.#watch(subject, 0);
    } else if (suspicions + 1 < hungAfterFailures) this.#watch(subject, suspicions + 1);
    else await this.#enqueue(() => this.#ended(subject, `Chrome hung: ${result.error ?? "it did not answer"}`, true));
  }

  /** Ends what runs and forgets it. */
  async #drop(isHung: boolean): Promise<void> {
    clearTimeout(this.#watchTimer);
    const subject = this.#running;
    this.#running = null;
    subject?.dispose();
    this.#options.health.forget();
    if (subject) await this.#options.chrome.end(subject.pid, isHung);
  }

  /** Time passes in every wait: another Chrome may have taken the place of this one. */
  #isCurrent(subject: RunningChrome): boolean {
    return this.#running === subject;
  }

  #isoNow(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function describe(error: unknown): { reason: string; hint: string | null } {
  if (error instanceof AppError) return { reason: error.message, hint: error.hint ?? null };
  return { reason: "Chrome could not be started", hint: "Look into the log of portos-browser." };
}
