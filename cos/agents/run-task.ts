import { randomBytes } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";

import type { PermissionRequest, RunEventBody, Usage } from "../../contract/features/run-events.ts";
import type { Attempt, Run } from "../../contract/features/runs.ts";
import type { RunsMessage, RunTarget } from "../../contract/internal/runs.ts";
import { callTitle } from "../../contract/short-path.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { gitOwnText, isGitOwn } from "../../lib/guarded-paths.ts";
import { closedText, type OwnFolders } from "../../lib/own-folders.ts";
import { redact, redactValue } from "../../lib/redact.ts";
import { realPlace, touchedPaths } from "../../lib/touched-paths.ts";
import { isStop, isToGoOn, type Ending } from "./ending.ts";
import {
  isReading,
  type Answer,
  type AttemptEnd,
  type AttemptSink,
  type Question,
  type RunningAttempt,
} from "./attempt.ts";
import { allowingOption, isAllowing, isFileChange, isInside, ruleFor } from "./permission-policy.ts";
import type { EventLog, OutputPosition } from "./store/event-log.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";
import { imagesFolderName } from "./store/run-images.ts";
import type { RunStore } from "./store/run-store.ts";
import { createTextJoiner, type TextJoiner, type TextPiece } from "./text-joiner.ts";
import { plainSurroundings, type Surroundings } from "../worktrees/surroundings.ts";
import { addUsage, budgetProblem, noUsage, priced, unwatchedBudget } from "./usage.ts";

export interface RunTaskOptions {
  record: RunRecord;
  store: RunStore;
  /** What it must not reach. */
  own: OwnFolders;
  clock: Clock;
  publish: (message: RunsMessage) => void;
  /** How long to wait between two messages about its progress; a change of its state is told at once. */
  tellEveryMs: () => number;
  onProblem: (error: unknown) => void;
}

/** One run that has not ended: its record, its events, its questions. All changes of it go through here. */
export class RunTask {
  readonly record: RunRecord;
  readonly #options: RunTaskOptions;
  readonly #joiner: TextJoiner;
  #log: EventLog | null = null;
  #saving: Promise<void> = Promise.resolve();
  #answers = new Map<string, (answer: Answer) => void>();
  #tellTimer: NodeJS.Timeout | null = null;
  #toldAt = -Infinity;
  #lastEventAt: string | null;
  #activeMs = 0;
  #activeSince: number | null = null;
  #attemptMs = 0;
  /** The attempt whose work was watched from its beginning; not one that was taken up. */
  #timed: Attempt | null = null;
  /** Of attempts whose end is not on disk yet. */
  #untidied: (() => Promise<void>)[] = [];
  readonly own: OwnFolders;
  targets: readonly RunTarget[] = [];
  running: RunningAttempt | null = null;
  /** What its programs are started in. */
  surroundings: Surroundings = plainSurroundings;
  ending: Ending | null = null;
  /** What is left to be said stays, though the run is over. */
  isHeldBack = false;

  constructor(options: RunTaskOptions) {
    this.#options = options;
    this.record = options.record;
    this.own = options.own;
    this.#lastEventAt = options.record.run.lastEventAt;
    this.#joiner = createTextJoiner((body, position) => {
      this.#append(body, position);
    });
  }

  get run(): Run {
    return this.record.run;
  }

  /** The run as others see it now. */
  view(): Run {
    return { ...this.run, eventCount: this.#log?.written ?? this.run.eventCount, lastEventAt: this.#lastEventAt };
  }

  /** Attempts at what is being said now. */
  triedInTurn(): Attempt[] {
    const { turn } = this.record;
    return turn === null ? [] : this.run.attempts.filter(({ number }) => number >= turn.firstAttempt);
  }

  /** Whom to ask next, in order. */
  untriedTargets(): RunTarget[] {
    const tried = this.triedInTurn();
    const canAnswer = (target: RunTarget): boolean => this.run.answerFormat?.kind !== "json" || target.engine === "api";
    return this.targets.filter((target) => canAnswer(target) && !tried.some((attempt) => isSame(attempt, target)));
  }

  /** The target an attempt is made with, as far as it is known. */
  targetOf(attempt: Attempt): RunTarget | undefined {
    return this.targets.find((target) => isSame(attempt, target));
  }

  get position(): OutputPosition | null {
    return this.#log?.position ?? null;
  }

  /** The output of its agent is read once more from `position` on: what was told of that already is not told again. */
  readOn(): void {
    for (const body of this.#log?.toldBehind ?? [])
      if (body.kind === "text" || body.kind === "reasoning" || body.kind === "output") this.#joiner.expect(body);
  }

  async open(): Promise<void> {
    this.#log ??= await this.#options.store.openEvents(this.run.id, (events) => {
      this.#lastEventAt = events.at(-1)?.at ?? this.#lastEventAt;
      this.#options.publish({ kind: "events", id: this.run.id, events });
      this.#tellSoon();
    });
  }

  now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  /** A piece of running text that no attempt says. */
  text(piece: TextPiece): void {
    this.#joiner.add(piece);
  }

  event(body: RunEventBody, position?: OutputPosition): void {
    this.#joiner.flush();
    this.#append(body, position ?? null);
  }

  #append(body: RunEventBody, position: OutputPosition | null): void {
    this.#log?.append(this.now(), redactValue(body) as RunEventBody, position);
  }

  /** Changes the state, with the event that says so, and has it on disk when it resolves. */
  async setState(state: Run["state"], message: string | null = null): Promise<void> {
    const { run } = this;
    const plain = message === null ? null : redact(message);
    this.event({ kind: "state", state, message: plain });
    try {
      // Whoever sees that a run has ended can read it to its end.
      if (!isOpen({ state })) await this.#log?.flush();
    } finally {
      Object.assign(run, { state, message: plain });
      this.#clockActivity();
    }
    await this.save();
  }

  /** The disk refuses its end: it looks as it did before, says why, and nobody takes it for ended. */
  keepOpen(state: Run["state"], endProblem: string): void {
    Object.assign(this.run, { state, endedAt: null, failure: null, message: endProblem, endProblem });
    this.#tellNow();
  }

  /** Tries once more to write an end the disk has refused; its event is kept and goes first. */
  endAgain(state: Run["state"], message: string | null): Promise<void> {
    const plain = message === null ? null : redact(message);
    Object.assign(this.run, { state, message: plain });
    delete this.run.endProblem;
    return this.save();
  }

  /** Writes the record after the events before it; saves wait for each other. */
  save(): Promise<void> {
    const work = this.#saving.then(async () => {
      await this.#log?.flush();
      Object.assign(this.run, { eventCount: this.#log?.last ?? this.run.eventCount, lastEventAt: this.#lastEventAt });
      await this.#options.store.save(structuredClone(this.record));
    });
    this.#saving = work.catch(this.#options.onProblem);
    if (isOpen(this.run)) this.#tellNow();
    else
      void work.then(
        () => this.#tellNow(),
        () => undefined,
      ); // an end is told once it is on disk; who saves hears of the failure
    return work;
  }

  startAttempt(target: RunTarget): Attempt {
    const { providerId, providerName, providerType, model, reason } = target;
    const number = this.run.attempts.length + 1;
    const facts = { providerId, providerName, providerType, model, reason };
    const ends = { endedAt: null, failure: null, message: null };
    const tools = target.tools?.rights ?? null;
    const attempt: Attempt = { number, ...facts, startedAt: this.now(), ...ends, usage: noUsage, tools };
    this.run.attempts.push(attempt);
    this.record.engine = target.engine;
    this.record.agent = target.engine === "api" ? null : target.agent;
    this.event({ kind: "attempt", number, providerId, providerName, model, reason });
    const unwatched = unwatchedBudget(target, this.run.budget);
    if (unwatched !== null) this.event({ kind: "notice", level: "warning", text: unwatched });
    this.#clockActivity();
    this.#attemptMs = 0;
    this.#timed = attempt;
    return attempt;
  }

  /** Nobody could be given this: it is said first when the run goes on after its end. */
  holdBack(said: string | null): void {
    this.record.unsaid.unshift(said);
    this.record.turn = null;
    this.isHeldBack = true;
  }

  /** Writes the outcome of an attempt, once. */
  async endAttempt(attempt: Attempt, end: AttemptEnd): Promise<void> {
    if (attempt.endedAt !== null) return;
    if (end.tidy) this.#untidied.push(end.tidy);
    this.denyAll("The attempt has ended");
    this.#clockActivity();
    const problem = await this.surroundings.afterAttempt();
    if (problem !== null) this.event({ kind: "notice", level: "error", text: problem });
    const message = end.message === null ? null : redact(end.message);
    const activeMs = this.#timed === attempt ? Math.round(this.#attemptMs) : null;
    Object.assign(attempt, {
      endedAt: this.now(),
      failure: end.failure,
      message,
      ...(end.stoppedBy === undefined ? {} : { stoppedBy: end.stoppedBy }),
      backAt: end.backAt ?? null,
      activeMs,
    });
    this.record.child = null;
    this.run.canContinue = end.canContinue;
    this.event({
      kind: "attempt-ended",
      number: attempt.number,
      failure: end.failure,
      message,
      usage: attempt.usage,
    });
    await this.save();
    await this.#tidy();
  }

  async #tidy(): Promise<void> {
    for (const tidy of this.#untidied.splice(0)) await tidy().catch(this.#options.onProblem);
  }

  /** What an attempt reports to. */
  sink(attempt: Attempt): AttemptSink {
    const isOver = (): boolean => attempt.endedAt !== null;
    return {
      text: (piece, position) => {
        if (!isOver()) this.#joiner.add(piece, position ?? null);
      },
      recall: (piece) => {
        this.#joiner.recall(piece);
      },
      event: (body, position) => {
        if (!isOver()) this.event(body, position);
      },
      usage: (total) => {
        if (!isOver()) this.#use(attempt, priced(total, this.targetOf(attempt)?.price ?? null));
      },
      session: (id) => {
        if (this.run.agentSessionId === id) return;
        this.run.agentSessionId = id;
        this.save().catch(this.#options.onProblem);
      },
      terminal: (id) => {
        this.run.sessionId = id;
        this.save().catch(this.#options.onProblem);
      },
      ask: (question) => (isOver() ? Promise.resolve(ended) : this.#ask(question, isOver)),
      child: async (child) => {
        this.record.child = child;
        await this.save();
      },
    };
  }

  #use(attempt: Attempt, usage: Usage): void {
    if (isDeepStrictEqual(attempt.usage, usage)) return;
    attempt.usage = usage;
    this.run.usage = this.run.attempts.reduce((sum, one) => addUsage(sum, one.usage), noUsage);
    this.event({ kind: "usage", usage: this.run.usage });
    if (usage.isEstimated === true) this.save().catch(this.#options.onProblem); // nobody tells it again after a crash
    this.checkLimits(null);
  }

  /** Ends the run when a limit is reached. */
  checkLimits(timeoutMs: number | null): void {
    this.#clockActivity();
    const { usage, budget, limitNames } = this.run;
    const problem = budgetProblem(usage, budget, this.#activeMs, limitNames);
    if (problem !== null) this.end({ kind: "run-budget", message: problem });
    else if (timeoutMs !== null && this.#attemptMs >= timeoutMs)
      this.end({ kind: "timeout", message: `No end within ${Math.round(timeoutMs / 1000)} s` });
  }

  /** Ends it, unless it is being ended. Whoever has to know that a stop is on disk saves. */
  end(ending: Ending): void {
    const before = this.ending;
    // After a time-out somebody else would be asked; a stop is for all of it.
    if (before !== null && (before.kind !== "timeout" || ending.kind === "timeout")) return;
    this.ending = ending;
    if (isStop(ending)) this.#keepStop(ending);
    this.denyAll(isToGoOn(ending) ? `${ending.message}; it can be asked again when the run goes on` : ending.message);
    if (before !== null) return; // it is being stopped
    if (ending.kind === "closing") this.running?.release();
    else this.running?.stop();
  }

  #keepStop({ kind, message }: NonNullable<RunRecord["stop"]>): void {
    this.record.stop = { kind, message: redact(message) };
    this.save().catch(() => undefined); // told by `save`, and tried again with its end
  }

  /** Time counts while an agent works, not while it waits for an answer. */
  #clockActivity(): void {
    const now = this.#options.clock.monotonic();
    if (this.#activeSince !== null) {
      this.#activeMs += now - this.#activeSince;
      this.#attemptMs += now - this.#activeSince;
    }
    this.#activeSince = this.run.state === "running" ? now : null;
  }

  async #ask(question: Question, isOver: () => boolean): Promise<Answer> {
    const { call, options } = question;
    const { permissionMode, folder } = this.run;
    const refusal = await this.#refusalOf(question);
    if (isOver()) return ended;
    const request: PermissionRequest = {
      requestId: randomBytes(8).toString("hex"),
      askedAt: this.now(),
      call: redactValue(call) as PermissionRequest["call"],
      folder,
      options: options.map((option) => ({ ...option, name: redact(option.name) })),
    };
    const isAllowed = ruleFor(permissionMode, call, question.paths ?? [], folder, this.#given());
    const rule = isAllowed ? allowingOption(options) : null;
    this.event({ kind: "asked", request });
    if (refusal !== null) {
      this.#answered(request, null, "PortOS", refusal);
      return { optionId: null, reason: refusal };
    }
    if (rule !== null) {
      this.#answered(request, rule.optionId, `Rule: ${permissionMode}`, null);
      return { optionId: rule.optionId, reason: null };
    }
    const answer = new Promise<Answer>((settle) => {
      this.#answers.set(request.requestId, settle);
    });
    this.run.pending.push(request);
    await this.setState("waiting", `Asks: ${callTitle(call, folder)}`);
    return answer;
  }

  /** Gives the answer to a question. `not_found` when it is not asked any more, `invalid_request` for an option that was not offered. */
  async answer(requestId: string, optionId: string | null, by: string, reason: string | null): Promise<void> {
    const request = this.run.pending.find((one) => one.requestId === requestId);
    const settle = this.#answers.get(requestId);
    if (!request || !settle)
      throw new AppError("conflict", "This question has been answered already, or is not asked any more");
    if (optionId !== null && !request.options.some((option) => option.optionId === optionId))
      throw new AppError("invalid_request", "This answer was not offered");
    this.#answers.delete(requestId);
    this.run.pending = this.run.pending.filter((one) => one !== request);
    this.#answered(request, optionId, by, reason);
    if (this.run.pending.length === 0 && this.ending === null) await this.setState("running");
    else await this.save();
    settle({ optionId, reason });
  }

  /** Why nobody is asked: the call names a place that is out of reach for every agent; `null` when it names none. */
  async #refusalOf({ call, paths = [] }: Question): Promise<string | null> {
    const { folder } = this.run;
    const [isClosed, given] = [await this.own.closedTo(folder), this.#given()];
    const touched = await touchedPaths(call, folder, Infinity);
    const told = await Promise.all(paths.map((path) => realPlace(resolve(folder, path))));
    const places = [...touched, ...told];
    const mayRead = (path: string): boolean => given !== null && isReading(call) && isInside(given, path);
    const closed = places.find((path) => isClosed(path) && !mayRead(path));
    if (closed !== undefined) return closedText(closed);
    const root = await realPlace(folder);
    const git = isFileChange(call) ? places.find((path) => isGitOwn(root, path)) : undefined;
    return git === undefined ? null : gitOwnText(isInside(root, git) ? relative(root, git) : git);
  }

  /** Folder of the pictures it was given; `null` without any. */
  #given(): string | null {
    const { id, images = [] } = this.run;
    return images.length === 0 ? null : join(this.#options.store.folderOf(id), imagesFolderName);
  }

  #answered(request: PermissionRequest, optionId: string | null, by: string, reason: string | null): void {
    const isAllowed = isAllowing(request.options, optionId);
    this.event({ kind: "answered", requestId: request.requestId, optionId, isAllowed, by, reason });
  }

  /** Answers every open question with no. */
  denyAll(why: string): void {
    for (const request of this.run.pending) {
      this.#answered(request, null, "PortOS", why);
      this.#answers.get(request.requestId)?.({ optionId: null, reason: why });
    }
    this.#answers.clear();
    this.run.pending = [];
  }

  /** Everything is on disk and closed when it resolves. */
  async close(): Promise<void> {
    this.#joiner.flush();
    if (this.#tellTimer) clearTimeout(this.#tellTimer);
    this.#tellTimer = null;
    const log = this.#log;
    try {
      await this.save();
    } finally {
      this.#log = null;
      await log?.close();
    }
    await this.#tidy();
  }

  #tellSoon(): void {
    const waitMs = this.#toldAt + this.#options.tellEveryMs() - performance.now();
    if (waitMs <= 0) this.#tellNow();
    else
      this.#tellTimer ??= setTimeout(() => {
        this.#tellNow();
      }, waitMs);
  }

  #tellNow(): void {
    if (this.#tellTimer) clearTimeout(this.#tellTimer);
    this.#tellTimer = null;
    this.#toldAt = performance.now();
    this.#options.publish({ kind: "run", run: this.view() });
  }
}

/** Who asks when all is over is told no. */
const ended: Answer = { optionId: null, reason: "The attempt has ended" };

function isSame(attempt: Attempt, target: Pick<RunTarget, "providerId" | "model">): boolean {
  return attempt.providerId === target.providerId && attempt.model === target.model;
}
