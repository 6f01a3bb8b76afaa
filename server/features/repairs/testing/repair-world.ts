import type { Approval } from "../../../../contract/features/approvals.ts";
import type { RunEventBody } from "../../../../contract/features/run-events.ts";
import { runSchema, type Run } from "../../../../contract/features/runs.ts";
import type { Incident, IncidentDetail } from "../../../../contract/internal/autofixer.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import type { RepairParts, RepairReview } from "../repair-parts.ts";

const noUsage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: 0.02 };

/** Everything around repairs, of which a test says how it behaves. What was done to it is noted in `deeds`. */
export interface RepairWorld {
  parts: RepairParts;
  deeds: string[];
  incident: IncidentDetail;
  settled: Incident[];
  review: RepairReview | null;
  run: Run | null;
  prompts: string[];
  approvals: Map<string, Approval>;
  notices: { title: string; message: string; needsYou: boolean }[];
  process: { status: "online" | "stopped" | "errored"; restarts: number };
  /** How sessions of checks end, by the part of their name that says when. */
  exits: Record<"before" | "after", number>;
  behaviour: {
    diagnosis: string;
    /** Files the agent changes when told to repair. */
    changes: number;
    touchesEarly: boolean;
    canContinue: boolean;
    panic: string | null;
    hasRepository: boolean;
    mergeError: AppError | null;
    undoError: AppError | null;
    restartError: AppError | null;
    agent: { providerId: string; model: string | null; name: string } | null;
    answers: Record<number, boolean>;
    /** After the n-th restart it crashes again. */
    crashesAfterRestart: number;
    /** What does not come to an end. */
    hangs: "agent" | "checks" | "slot" | null;
  };
  answer(state: "allowed" | "denied" | "expired"): void;
  crashAgain(): void;
}

export const crashOfBlog: IncidentDetail = {
  id: "mabcdefg-0123abcd",
  process: { key: "blog/web", home: "portos", pmId: 3, name: "blog/web", cwd: "/blog", appId: "blog", isOwn: false },
  status: "gave-up",
  openedAt: "2026-03-01T12:00:00.000Z",
  updatedAt: "2026-03-01T12:00:00.000Z",
  closedAt: null,
  exit: { code: 1, signal: null, at: "2026-03-01T12:00:00.000Z" },
  crashes: 4,
  attempts: [],
  maxAttempts: 5,
  nextAttemptAt: null,
  reason: "Restarted 5 times.",
  changes: null,
  lines: ["listening", "TypeError: x is not a function", "    at main (/blog/server.mjs:3:9)"],
};

/** How often something is kept waiting, as it would be by another process. */
const soonMs = 2;

export function createRepairWorld(): RepairWorld {
  let runIds = 0;
  const world: Outside = {
    deeds: [],
    incident: crashOfBlog,
    settled: [],
    review: null,
    run: null,
    prompts: [],
    approvals: new Map(),
    notices: [],
    process: { status: "online", restarts: 7 },
    exits: { before: 0, after: 0 },
    behaviour: {
      diagnosis: "server.mjs line 3 calls x, which is not a function. Import it.",
      changes: 1,
      touchesEarly: false,
      canContinue: true,
      panic: null,
      hasRepository: true,
      mergeError: null,
      undoError: null,
      restartError: null,
      agent: { providerId: "codey", model: null, name: "Codey" },
      answers: {},
      crashesAfterRestart: 0,
      hangs: null,
    },
    answer(state) {
      for (const [id, approval] of world.approvals)
        if (approval.state === "pending")
          world.approvals.set(id, {
            ...approval,
            state,
            decision: { by: "anna", device: null, at: now(), scope: "once", reason: null, ruleId: null },
          });
    },
    crashAgain() {
      world.settled = [{ ...crashOfBlog, status: "open", exit: { code: 1, signal: null, at: now() } }];
    },
  };

  const parts: RepairParts = {
    incidents: {
      get: () => Promise.resolve(world.incident),
      isUp: () => true,
      heard: () => ({ active: [], settled: world.settled }),
    },
    apps: {
      find: (id) =>
        id === "blog"
          ? { id, name: "Blog", folder: "/blog", isArchived: false, processes: [{ name: "web", ports: [4000] }] }
          : undefined,
      restart: () => {
        if (world.behaviour.restartError) throw world.behaviour.restartError;
        world.deeds.push("restart");
        world.process = { ...world.process, status: "online" };
        const count = world.deeds.filter((deed) => deed === "restart").length;
        if (count === world.behaviour.crashesAfterRestart) setTimeout(() => world.crashAgain(), 10);
        return Promise.resolve();
      },
    },
    process: () => world.process,
    isAnswering: (port) => Promise.resolve(world.behaviour.answers[port] ?? true),
    ownFolder: "/portos",
    isRepository: () => Promise.resolve(world.behaviour.hasRepository),
    agent: () => Promise.resolve(world.behaviour.agent),
    runs: runsOf(world),
    newRunId: () => {
      runIds += 1;
      return `run-${String(runIds).padStart(12, "0")}`;
    },
    checksOf: () => Promise.resolve([{ name: "test", command: "npm test", timeoutMs: 60_000 }]),
    ...checksOf(world),
    killSession: (id) => {
      world.deeds.push(`kill ${id}`);
      return Promise.resolve();
    },
    checksStopped: (count) => {
      world.deeds.push(`stopped ${String(count)}`);
      return Promise.resolve();
    },
    reviews: reviewsOf(world),
    approvals: approvalsOf(world),
    didNotHold: (runId) => {
      world.deeds.push(`did not hold ${runId}`);
      return Promise.resolve();
    },
    panic: () => world.behaviour.panic,
    notifications: {
      notify: (notice) => {
        world.notices.push(notice);
        return Promise.resolve();
      },
      settle: () => Promise.resolve(),
    },
    clock: systemClock,
    logger: silentLogger,
  };
  return Object.assign(world, { parts });
}

type Outside = Omit<RepairWorld, "parts">;

function now(): string {
  return new Date().toISOString();
}

function runsOf(world: Outside): RepairParts["runs"] {
  const events: RunEventBody[] = [];

  function happen(body: RunEventBody, change: Partial<Run> = {}): void {
    events.push(body);
    if (world.run) world.run = { ...world.run, ...change, eventCount: events.length };
  }

  function work(text: string, changes: number): void {
    setTimeout(() => {
      if (world.run?.state !== "running" || world.behaviour.hangs === "agent") return;
      if (changes > 0) world.review = newReview(changes);
      happen({ kind: "text", text });
      happen({ kind: "state", state: "succeeded", message: null }, { state: "succeeded", endedAt: now() });
    }, soonMs);
  }

  function theRun(): Run {
    if (world.run === null) throw new AppError("not_found", "There is no such run");
    return world.run;
  }

  return {
    create(input, source, { id }) {
      if (world.run) throw new AppError("conflict", "This run exists already");
      if (input.prompt.kind === "text") world.prompts.push(input.prompt.text);
      world.deeds.push("create");
      events.length = 0;
      world.run = newRun(id, source, world.behaviour.canContinue);
      happen({ kind: "user", text: "diagnose" });
      work(world.behaviour.diagnosis, world.behaviour.touchesEarly ? 1 : 0);
      return Promise.resolve([world.run]);
    },
    get: () => Promise.resolve().then(theRun),
    say(_, text) {
      world.deeds.push("say");
      world.prompts.push(text);
      if (world.run) world.run = { ...world.run, state: "queued", endedAt: null };
      setTimeout(() => {
        if (world.run?.state !== "queued" || world.behaviour.hangs === "slot") return;
        happen({ kind: "user", text }, { state: "running" });
        work("I have imported x.", world.behaviour.changes);
      }, soonMs);
      return Promise.resolve(theRun());
    },
    stop() {
      world.deeds.push("stop");
      happen({ kind: "state", state: "cancelled", message: null }, { state: "cancelled", endedAt: now() });
      return Promise.resolve(theRun());
    },
    events: (_, { after, limit }) =>
      Promise.resolve({
        events: events.map((body, index) => ({ number: index + 1, at: now(), body })).slice(after, after + limit),
        last: events.length,
      }),
  };
}

function reviewsOf(world: Outside): RepairParts["reviews"] {
  function theReview(): RepairReview {
    if (world.review === null) throw new AppError("not_found", "There is no such review");
    return world.review;
  }

  return {
    open: () => Promise.resolve(world.review),
    peek: () => world.review,
    read: () => Promise.resolve(world.review),
    changes: () => Promise.resolve([]),
    merge(_, { tree, by }) {
      if (world.behaviour.mergeError) throw world.behaviour.mergeError;
      const review = theReview();
      if (review.state !== "open" || review.tree !== tree) throw new AppError("conflict", "The work was changed");
      world.deeds.push("merge");
      world.review = { ...review, state: "merged", by, commit: "c".repeat(40) };
      return Promise.resolve(world.review);
    },
    undo() {
      if (world.behaviour.undoError) throw world.behaviour.undoError;
      world.deeds.push("undo");
      world.review = { ...theReview(), state: "open", commit: null };
      return Promise.resolve(world.review);
    },
  };
}

function approvalsOf(world: Outside): RepairParts["approvals"] {
  return {
    ask({ subject, hash }) {
      world.deeds.push("ask");
      const id = `00000000000000${String(10 + world.approvals.size)}`;
      const approval: Approval = {
        id,
        createdAt: now(),
        expiresAt: now(),
        subject,
        hash,
        state: "pending",
        decision: null,
        isDelivered: false,
      };
      world.approvals.set(id, approval);
      return Promise.resolve(approval);
    },
    get: (id) => {
      const found = world.approvals.get(id);
      return found ? Promise.resolve(found) : Promise.reject(new AppError("not_found", "There is no such question"));
    },
    open: () => [...world.approvals.values()],
    withdraw(id) {
      const found = world.approvals.get(id);
      if (found?.state === "pending") world.approvals.set(id, { ...found, state: "withdrawn" });
      return Promise.resolve();
    },
  };
}

function checksOf(world: Outside): Pick<RepairParts, "command" | "session"> {
  const sessions = new Map<string, number>();
  return {
    command(_, { name }) {
      const when = name.includes("before") ? "before" : "after";
      const id = `session-${String(sessions.size)}`;
      sessions.set(id, world.exits[when]);
      world.deeds.push(`check-${when}`);
      return Promise.resolve({ id });
    },
    session: (id) =>
      Promise.resolve({
        state: world.behaviour.hangs === "checks" ? "running" : "ended",
        exitCode: sessions.get(id) ?? 0,
        reason: "exited",
        signal: null,
        problem: null,
        createdAt: now(),
        endedAt: now(),
      }),
  };
}

function newReview(files: number): RepairReview {
  return {
    state: "open",
    tree: "a".repeat(40),
    files,
    added: 1,
    removed: 1,
    paths: ["server.mjs"],
    by: null,
    commit: null,
  };
}

function newRun(id: string, source: Run["source"], canContinue: boolean): Run {
  const createdAt = new Date().toISOString();
  return runSchema.parse({
    id,
    title: "Repair blog/web",
    state: "running",
    source,
    groupId: null,
    appId: "blog",
    folder: "/blog",
    permissionMode: "free-in-folder",
    budget: {},
    isolation: { kind: "worktree" },
    worktree: null,
    taskType: "repair",
    prompt: null,
    createdAt,
    startedAt: createdAt,
    endedAt: null,
    attempts: [],
    usage: noUsage,
    message: null,
    failure: null,
    pending: [],
    agentSessionId: "s",
    sessionId: null,
    canContinue,
    eventCount: 0,
    lastEventAt: null,
  });
}
