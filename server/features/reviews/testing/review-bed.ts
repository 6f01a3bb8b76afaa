import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

import type { RunWorktree } from "../../../../contract/features/isolation.ts";
import type { ReviewCheck } from "../../../../contract/features/reviews.ts";
import type { Run } from "../../../../contract/features/runs.ts";
import type { WorktreeSetup } from "../../../../contract/features/worktrees.ts";
import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { systemClock } from "../../../../lib/clock.ts";
import { openJsonStore } from "../../../../lib/json-store.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { git } from "../../../../lib/processes/git-command.ts";
import { makeRepository } from "../../../../lib/testing/git-repository.ts";
import { createReviewRecords, reviewsFile, type ReviewsFile } from "../review-record.ts";
import { createReviewService, type ReviewService } from "../review-service.ts";

export const runId = "run-0123456789abcdef";

/** A repository and the worktree of a run in it, made as portos-cos makes them. */
export async function makeWork(directory: string, files: Record<string, string>): Promise<RunWorktree> {
  const repository = await makeRepository(join(directory, "repository"), files);
  const folder = join(directory, "worktrees", runId);
  const baseCommit = (await git(repository, ["rev-parse", "HEAD"])).trim();
  const branch = `portos/${runId}`;
  await git(repository, ["worktree", "add", "--quiet", "-b", branch, "--", folder, "main"]);
  return { folder, repository, branch, baseBranch: "main", baseCommit, port: null };
}

/** A run that has ended in a worktree. */
export function endedRun(worktree: RunWorktree, change: Partial<Run> = {}): Run {
  return {
    id: runId,
    title: "Tidy up",
    state: "succeeded",
    source: { kind: "user", id: "user" },
    groupId: null,
    appId: "blog",
    folder: worktree.folder,
    permissionMode: "free-in-folder",
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    isolation: { kind: "worktree" },
    worktree,
    taskType: null,
    prompt: null,
    createdAt: "2026-11-21T08:00:00.000Z",
    startedAt: "2026-11-21T08:00:01.000Z",
    endedAt: "2026-11-21T08:05:00.000Z",
    attempts: [],
    usage: {
      inputTokens: 0,
      outputTokens: 0,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      turns: 0,
      costUsd: null,
    },
    message: null,
    failure: null,
    pending: [],
    agentSessionId: "s1",
    sessionId: null,
    canContinue: true,
    eventCount: 3,
    lastEventAt: null,
    ...change,
  };
}

/** Sessions of portos-cos in which a test says how commands end. */
export function createFakeSessions() {
  const sessions = new Map<string, SessionInfo>();
  const listeners = new Set<(session: SessionInfo) => void>();
  const commands: string[] = [];
  return {
    commands,
    async command(
      ownerId: string,
      { name, command }: { name: string; command: string },
    ): Promise<Pick<SessionInfo, "id">> {
      const id = String(commands.length).padStart(16, "s");
      commands.push(command);
      const facts = { id, name, command: null, shellCommand: command, createdAt: new Date().toISOString() };
      const owner = { kind: "run", id: ownerId };
      const state = { state: "running", exitCode: null, signal: null, reason: null, owner };
      sessions.set(id, { ...facts, ...state } as SessionInfo);
      return Promise.resolve({ id });
    },
    list: () => Promise.resolve([...sessions.values()]),
    async get(id: string): Promise<SessionInfo> {
      const found = sessions.get(id);
      return found ? Promise.resolve(found) : Promise.reject(new AppError("not_found", "There is no such session"));
    },
    async kill(id: string): Promise<SessionInfo> {
      this.end(id, { reason: "killed" });
      return this.get(id);
    },
    onSession(listener: (session: SessionInfo) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    end(id: string, change: Partial<SessionInfo>) {
      const known = sessions.get(id);
      if (!known) throw new Error(`There is no session ${id}`);
      const session: SessionInfo = { ...known, state: "ended", reason: "exited", ...change };
      sessions.set(id, session);
      for (const listener of listeners) listener(session);
    },
    forget: (id: string) => sessions.delete(id),
  };
}

/** A review service on real git, with everything else in the hands of a test. */
export async function startReviews(directory: string, checks: WorktreeSetup["checks"] = []) {
  const store = await openJsonStore<ReviewsFile>({
    file: join(directory, "data", "reviews.json"),
    logger: silentLogger,
    ...reviewsFile,
  });
  const records = createReviewRecords(store);
  const sessions = createFakeSessions();
  const said: string[] = [];
  const fates: { fate: string; tree: string | null }[] = [];
  const adopted: string[] = [];
  /** `isForgotten`: portos-cos knows nothing of the worktree. */
  const state = {
    isAway: false,
    isForgotten: false,
    run: null as Run | null,
    copied: [] as string[],
    ranElsewhere: [] as ReviewCheck[],
  };
  const reviews: ReviewService = createReviewService({
    records,
    stateDir: join(directory, "state"),
    runs: {
      get: () => (state.run ? Promise.resolve(state.run) : Promise.reject(new AppError("not_found", "No run"))),
      say(_id, text) {
        said.push(text);
        if (!state.run) throw new Error("There is no run");
        state.run = { ...state.run, state: "running" };
        return Promise.resolve(state.run);
      },
    },
    worktrees: {
      get: () => Promise.resolve({ copied: state.copied }),
      command: sessions.command,
      setFate(_id, fate) {
        if (state.isAway) return Promise.reject(new AppError("unavailable", "portos-cos is not running"));
        if (state.isForgotten) return Promise.reject(new AppError("not_found", "There is no such worktree"));
        fates.push(fate);
        return Promise.resolve();
      },
      adopt(_id, made) {
        if (state.isAway) return Promise.reject(new AppError("unavailable", "portos-cos is not running"));
        adopted.push(made.worktree.folder);
        return Promise.resolve();
      },
      touch: () => Promise.resolve(),
    },
    checksOf: () => Promise.resolve(checks),
    ranElsewhere: () => state.ranElsewhere,
    sessions,
    panic: { isOn: () => false, check: () => undefined },
    publish: () => undefined,
    clock: systemClock,
    logger: silentLogger,
  });
  return {
    reviews,
    records,
    sessions,
    said,
    fates,
    adopted,
    state,
    async open(run: Run) {
      state.run = run;
      await reviews.open(run);
    },
    async stop() {
      reviews.stop();
      await store.close();
    },
  };
}

export type ReviewBed = Awaited<ReturnType<typeof startReviews>>;

/** Every file below a folder but `.git`, by its name, with what it holds and whether it can be run. */
export async function folderContent(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isDirectory() || name === ".git" || name.startsWith(".git/")) continue;
    const isLink = entry.isSymbolicLink();
    const mode = isLink ? "link" : (await lstat(path)).mode & 0o100 ? "program" : "file";
    found[name] = `${mode}:${isLink ? await readlink(path) : await readFile(path, "latin1")}`;
  }
  return found;
}
