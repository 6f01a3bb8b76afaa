import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Isolation } from "../../../contract/features/isolation.ts";
import type { Run } from "../../../contract/features/runs.ts";
import type { Worktree } from "../../../contract/features/worktrees.ts";
import type { RunsMessage, RunSpec } from "../../../contract/internal/runs.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { gitWorkTree } from "../../../lib/processes/git-repository.ts";
import { makeRepository } from "../../../lib/testing/git-repository.ts";
import { openCommandHistory } from "../../sessions/command-history.ts";
import { createRecordings } from "../../sessions/recordings.ts";
import { openSessionCatalog } from "../../sessions/session-catalog.ts";
import { SessionEngine } from "../../sessions/session-engine.ts";
import { buildWorktrees } from "../build-worktrees.ts";
import type { KnownRun, MakingTeller } from "../worktree-maker.ts";
import type { Entered, Entrant } from "../worktree-entry.ts";
import type { WorktreeService } from "../worktree-service.ts";

let lastId = 0;

/** Worktrees with folders and a repository of their own. */
export interface TestWorktrees {
  base: string;
  repository: string;
  stateDir: string;
  dataDir: string;
  service: WorktreeService;
  messages: RunsMessage[];
  told: { states: string[]; notices: string[]; output: string; sessions: string[] };
  /** State of runs as the service is told; ended when not named. */
  runs: Map<string, Run["state"]>;
  /** What the service is told of every run. */
  known: { run: KnownRun | null };
  entrant(more?: Partial<Entrant>): Entrant;
  enter(run?: Entrant, setup?: Partial<NonNullable<RunSpec["setup"]>>, signal?: AbortSignal): Promise<Entered>;
  /** A new service on the same folders, as after a restart. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestWorktrees(files?: Record<string, string>): Promise<TestWorktrees> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "portos-worktrees-")));
  const [dataDir, stateDir, configDir] = [join(base, "data"), join(base, "state"), join(base, "config")];
  for (const folder of [dataDir, stateDir, configDir]) await mkdir(folder);
  // A login shell that is ended must not leave locks in the home of whoever runs the tests.
  const home = process.env["HOME"];
  process.env["HOME"] = join(base, "home");
  await mkdir(join(base, "home"));
  const repository = await makeRepository(join(base, "repository"), files);
  const [clock, logger] = [systemClock, silentLogger];
  const directory = join(dataDir, "sessions");
  const catalog = await openSessionCatalog({ directory, clock, logger });
  const secrets = { refresh: () => Promise.resolve(), values: () => [] } as never;
  const commandHistory = await openCommandHistory({ secrets, directory: join(dataDir, "history"), clock, logger });
  const recordings = createRecordings({ secrets, directory, catalog, clock, logger });
  const integrationDirectory = join(base, "none");
  const sessions = new SessionEngine({
    directory,
    integrationDirectory,
    catalog,
    recordings,
    commandHistory,
    clock,
    logger,
  });
  await sessions.start();
  const messages: RunsMessage[] = [];
  const runs = new Map<string, Run["state"]>();
  const known: TestWorktrees["known"] = { run: null };
  const told = { states: [] as string[], notices: [] as string[], output: "", sessions: [] as string[] };
  const open = (): Promise<WorktreeService> =>
    buildWorktrees({
      env: { dataDir, stateDir, configDir, userPm2Home: null },
      sessions,
      clock,
      logger,
      stateOf: (id) => {
        const state = runs.get(id) ?? "succeeded";
        return Promise.resolve({ state, isOpen: state === "running" });
      },
      runOf: () => Promise.resolve(known.run),
      publish: (message) => messages.push(message),
      mark: (id) => ["AGENT_RUN", id],
    });
  const teller = (signal: AbortSignal): MakingTeller => ({
    state: (message) => Promise.resolve(void told.states.push(message)),
    notice: (_level, text) => told.notices.push(text),
    output: (text) => {
      told.output += text;
    },
    session: (id) => told.sessions.push(id),
    signal,
  });
  const test: TestWorktrees = {
    base,
    repository,
    stateDir,
    dataDir,
    service: await open(),
    messages,
    told,
    runs,
    known,
    entrant(more = {}) {
      lastId += 1;
      const id = `run-test${Date.now().toString(36)}${String(lastId).padStart(6, "0")}`;
      const isolation: Isolation = { kind: "worktree" };
      return { id, title: "Add a thing", appId: null, isolation, folder: repository, worktree: null, ...more };
    },
    enter(run = test.entrant(), setup = {}, signal = new AbortController().signal) {
      const whole = { setupCommand: "", setupTimeoutMs: 60_000, copiedFiles: [], ...setup };
      return test.service.enter(run, whole, teller(signal));
    },
    async reopen() {
      await test.service.close();
      test.service = await open();
    },
    async stop() {
      await test.service.close();
      await sessions.stop();
      await commandHistory.close();
      if (home === undefined) delete process.env["HOME"];
      else process.env["HOME"] = home;
      await rm(base, { recursive: true, force: true });
    },
  };
  return test;
}

/** The only worktree there is, as it is listed. */
export async function onlyWorktree({ service }: TestWorktrees): Promise<Worktree> {
  const [worktree, ...more] = (await service.list()).worktrees;
  if (!worktree || more.length > 0) throw new Error("There is not exactly one worktree");
  return worktree;
}

/** A fresh worktree of a run that has ended. */
export async function madeWorktree(test: TestWorktrees) {
  const run = test.entrant();
  const { folder, worktree } = await test.enter(run);
  return { id: run.id, folder, worktree };
}

/** All the work of a worktree, as it is told when it is put elsewhere. */
export async function workOf({ base, service }: TestWorktrees, id: string): Promise<string> {
  const { worktree, gitDir, copied } = await service.get(id);
  const scratch = join(base, "scratch");
  await mkdir(scratch, { recursive: true });
  return gitWorkTree({ gitDir, workTree: worktree.folder }, scratch, { without: copied });
}
