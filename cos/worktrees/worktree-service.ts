import { rename } from "node:fs/promises";
import { join, sep } from "node:path";

import type { Isolation, RunWorktree } from "../../contract/features/isolation.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { Worktree, worktreesEndpoints } from "../../contract/features/worktrees.ts";
import type { RunsMessage, RunSpec } from "../../contract/internal/runs.ts";
import type { Reply } from "../../contract/endpoint.ts";
import type { WorktreePlace } from "../../contract/internal/worktrees.ts";
import { sessionSpecSchema, type SessionInfo } from "../../contract/internal/cos.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/logger.ts";
import { gitCommit } from "../../lib/processes/git-repository.ts";
import { loginShell } from "../sessions/shell-launch.ts";
import { workingFolders } from "./folders-in-use.ts";
import { asideOf, deleteFiles, exists, forget, setAside } from "./reclaim-worktree.ts";
import type { Sessions } from "./run-in-session.ts";
import type { Bubblewrap } from "./sandbox/bubblewrap.ts";
import { plainSurroundings, type Surroundings } from "./surroundings.ts";
import { lookAt, placeOf, treeOf } from "./worktree-facts.ts";
import type { MakingTeller, WorktreeMaker } from "./worktree-maker.ts";
import type { WorktreeMeasurer } from "./worktree-measurer.ts";
import type { WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import type { SandboxKeeper } from "./sandbox/sandbox-keeper.ts";
import { refused, worktreeBase } from "./worktree-base.ts";
import { viewOf, type Surrounds } from "./worktree-view.ts";

/** Facts older than this are looked at again when somebody asks. */
const freshMs = 10_000;

export interface WorktreeServiceOptions {
  records: WorktreeRecords;
  maker: WorktreeMaker;
  measurer: WorktreeMeasurer;
  sandboxes: SandboxKeeper;
  bubblewrap: Bubblewrap;
  sessions: Sessions;
  clock: Clock;
  logger: Logger;
  /** State of a run, `null` when there is none. */
  stateOf: (runId: string) => Promise<{ state: Run["state"]; isOpen: boolean } | null>;
  publish: (message: RunsMessage) => void;
  mark: (runId: string) => [name: string, value: string];
}

/** A run that is about to work somewhere of its own. */
export type Entrant = Pick<Run, "id" | "title" | "appId" | "isolation" | "folder" | "worktree">;

export interface Entered {
  worktree: RunWorktree;
  /** Folder to work in. */
  folder: string;
  surroundings: Surroundings;
}

export interface WorktreeService {
  /** Whether a run may be isolated like this. Throws `invalid_request` naming the field, `unavailable` without bubblewrap. */
  check(folder: string | null, isolation: Isolation): Promise<void>;
  /** The worktree of a run: its own one, or a new one. Throws an `AppError` for the user. */
  enter(run: Entrant, setup: RunSpec["setup"], tell: MakingTeller): Promise<Entered>;
  /** What programs of a run are started in that has been entered before. */
  surroundingsOf(run: Entrant): Surroundings;
  /** Whether a follow-up finds its worktree. */
  has(runId: string): boolean;
  /** The run has changed its state or its folder. */
  touch(runId: string): Promise<Worktree>;
  list(): Promise<Omit<Reply<(typeof worktreesEndpoints)["list"]>, "isUp">>;
  get(runId: string): Promise<WorktreePlace>;
  reclaim(runId: string): Promise<Worktree>;
  reclaimAll(): Promise<{ removed: number; kept: number; freedBytes: number }>;
  setFate(runId: string, fate: WorktreeRecord["fate"], tree: string | null): Promise<Worktree>;
  command(runId: string, command: { name: string; command: string; timeoutMs: number }): Promise<SessionInfo>;
  /** Finishes or undoes what a former process left half done. */
  recover(): Promise<void>;
  /** Resolves when nothing goes on in the background. */
  close(): Promise<void>;
}

export function createWorktreeService(options: WorktreeServiceOptions): WorktreeService {
  const { records, maker, measurer, sandboxes, bubblewrap, sessions, clock, logger, stateOf, publish } = options;
  const removing = new Set<Promise<void>>();
  const busy = new Set<string>();

  function find(runId: string): WorktreeRecord {
    const record = records.get(runId);
    if (!record || record.state === "removing") throw new AppError("not_found", "There is no such worktree");
    return record;
  }

  async function surroundsOf(record: WorktreeRecord, folders: readonly string[]): Promise<Surrounds> {
    const run = await stateOf(record.runId);
    const isWorkedIn = folders.some((folder) => folder === record.folder || folder.startsWith(record.folder + sep));
    return { runState: run?.state ?? null, isRunOpen: run?.isOpen ?? false, isWorkedIn };
  }

  async function view(record: WorktreeRecord): Promise<Worktree> {
    return viewOf(record, await surroundsOf(record, await workingFolders()));
  }

  async function tell(record: WorktreeRecord): Promise<Worktree> {
    const worktree = await view(record);
    if (record.state !== "removing") publish({ kind: "worktree", worktree });
    return worktree;
  }

  function measure(record: WorktreeRecord): void {
    measurer.measure(record.runId, () => {
      void tell(record).catch((error: unknown) => {
        logger.warn("A worktree could not be told about", { run: record.runId, problem: String(error) });
      });
    });
  }

  function entered(record: WorktreeRecord): Entered {
    const { folder, repository, branch, baseBranch, baseCommit, port } = record;
    return {
      worktree: { folder, repository, branch, baseBranch, baseCommit, port },
      folder: join(folder, record.prefix),
      surroundings: surroundings(record),
    };
  }

  function surroundings(record: WorktreeRecord): Surroundings {
    const environment = record.port === null ? {} : { PORT: String(record.port) };
    const done = async (): Promise<string | null> => {
      const problem = await sandboxes.take(record);
      measure(record);
      return problem;
    };
    if (record.isolation.kind !== "sandbox") return { ...plainSurroundings, environment, afterAttempt: done };
    const wrap: Surroundings["wrap"] = (program, { agent, cwd }) => sandboxes.wrap(record, program, agent, cwd);
    return { environment, wrap, afterAttempt: done };
  }

  async function checkSandbox(isolation: Isolation): Promise<void> {
    if (isolation.kind !== "sandbox") return;
    const state = await bubblewrap.state();
    if (!state.isAvailable)
      throw new AppError("unavailable", "Sandboxes cannot be made on this machine", {
        hint: state.help,
        issues: [{ path: "body.isolation", message: state.help }],
      });
  }

  /** The files are deleted in the background; from here on it is gone for everybody. */
  async function remove(record: WorktreeRecord): Promise<void> {
    await forget(record);
    publish({ kind: "worktree-removed", runId: record.runId });
    const work = deleteFiles(record)
      .then(() => records.remove(record.runId))
      .catch((error: unknown) => {
        logger.error("The files of a worktree could not be deleted", { run: record.runId }, error);
      })
      .finally(() => removing.delete(work));
    removing.add(work);
  }

  async function reclaim(runId: string): Promise<Worktree> {
    const record = find(runId);
    if (busy.has(runId)) throw new AppError("conflict", "It is being removed already");
    busy.add(runId);
    try {
      if (record.state === "ready")
        record.facts = { bytes: record.facts?.bytes ?? null, ...(await lookAt(record, () => clock.now())) };
      const before = await view(record);
      if (before.keptBecause !== null) throw kept(record, before.keptBecause);
      record.state = "removing";
      await records.save(record);
      try {
        await setAside(record);
      } catch (error) {
        record.state = "ready";
        await records.save(record);
        measure(record);
        throw error instanceof AppError ? kept(record, `${error.message}.`) : error;
      }
      await remove(record);
      return { ...before, keptBecause: null };
    } finally {
      busy.delete(runId);
    }
  }

  return {
    async check(folder, isolation) {
      if (isolation.kind === "none") return;
      const base = await worktreeBase(folder);
      if (isolation.kind === "sandbox" && base.commonDir.includes("\n"))
        throw refused("A sandbox cannot be made of a repository with a line break in its path", "Choose a worktree.");
      await checkSandbox(isolation);
    },

    async enter(run, setup, teller) {
      const { id, title, appId, isolation, folder } = run;
      await checkSandbox(isolation);
      let record = records.get(id);
      if (record === undefined) {
        if (run.worktree !== null) throw goneError();
        await teller.state("Makes the worktree…");
        record = await maker.make({ runId: id, runTitle: title, appId, isolation, folder, setup }, teller);
      } else if (record.state === "removing" || !(await exists(record.folder))) throw goneError();
      await sandboxes.prepare(record);
      record.lastUsedAt = new Date(clock.now()).toISOString();
      await records.save(record);
      await tell(record);
      return entered(record);
    },

    surroundingsOf(run) {
      const record = records.get(run.id);
      return record ? surroundings(record) : plainSurroundings;
    },

    has(runId) {
      return records.get(runId)?.state === "ready";
    },

    async touch(runId) {
      const record = find(runId);
      measure(record);
      return tell(record);
    },

    async list() {
      const folders = await workingFolders();
      const shown = records.all().filter(({ state }) => state !== "removing");
      const stale = clock.now() - freshMs;
      for (const record of shown)
        if (record.state === "ready" && Date.parse(record.facts?.measuredAt ?? "1970-01-01") < stale) measure(record);
      const worktrees = await Promise.all(
        shown.map(async (record) => viewOf(record, await surroundsOf(record, folders))),
      );
      const { isAvailable, help } = await bubblewrap.state();
      return {
        worktrees: worktrees.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
        sandbox: { isAvailable, help },
      };
    },

    async get(runId) {
      const record = find(runId);
      const copied = record.copied.map(({ path }) => path);
      return { worktree: await view(record), gitDir: record.gitDir ?? "", copied };
    },

    reclaim,

    async reclaimAll() {
      let removed = 0;
      let keptCount = 0;
      let freedBytes = 0;
      for (const { runId } of records.all().filter(({ state }) => state === "ready")) {
        try {
          freedBytes += (await reclaim(runId)).bytes ?? 0;
          removed += 1;
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          keptCount += 1;
        }
      }
      return { removed, kept: keptCount, freedBytes };
    },

    async setFate(runId, fate, tree) {
      const record = find(runId);
      const place = placeOf(record);
      const head = place === null ? null : await gitCommit(place, "HEAD");
      const isTrue = tree !== null && place !== null && (await treeOf(record, place)) === tree;
      record.fate = fate;
      record.decided = fate !== "open" && isTrue && head !== null ? { tree, head } : null;
      await records.save(record);
      measure(record);
      return tell(record);
    },

    async command(runId, { name, command, timeoutMs }) {
      const record = find(runId);
      if (record.state !== "ready") throw new AppError("conflict", "The worktree is being made");
      await checkSandbox(record.isolation);
      await sandboxes.ensure(record);
      const cwd = join(record.folder, record.prefix);
      const shell = { file: loginShell(), args: ["-l", "-c", command] };
      const { environment, wrap } = surroundings(record);
      const wrapped = wrap(shell, { agent: null, cwd });
      const isWrapped = wrapped !== shell;
      const [markName, markValue] = options.mark(runId);
      return sessions.create(
        sessionSpecSchema.parse({
          kind: "command",
          ...(isWrapped ? { command: [wrapped.file, ...wrapped.args] } : { shellCommand: command }),
          cwd,
          name,
          env: { ...environment, [markName]: markValue },
          timeoutMs,
          owner: { kind: "run", id: runId },
          cols: 120,
          rows: 40,
        }),
      );
    },

    async recover() {
      for (const record of records.all()) {
        try {
          if (record.state === "making") await maker.undo(record);
          else if (record.state === "removing") await goOnRemoving(record);
        } catch (error) {
          logger.error("What was left of a worktree could not be tidied up", { run: record.runId }, error);
        }
      }
    },

    async close() {
      await measurer.close();
      await Promise.all(removing);
    },
  };

  async function goOnRemoving(record: WorktreeRecord): Promise<void> {
    const aside = asideOf(record.folder);
    if (await exists(record.folder)) {
      record.state = "ready";
      await records.save(record);
      return;
    }
    if (await exists(aside)) {
      // It was moved and perhaps not looked at again yet: that is done now.
      await rename(aside, record.folder);
      record.state = "ready";
      await records.save(record);
      await reclaim(record.runId).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
      });
      return;
    }
    await forget(record);
    await deleteFiles(record);
    await records.remove(record.runId);
  }
}

function goneError(): AppError {
  return new AppError("conflict", "The worktree of this run has been removed", {
    hint: "Run the same prompt again: it gets a new worktree.",
  });
}

function kept(record: WorktreeRecord, why: string): AppError {
  return new AppError("conflict", `The worktree of "${record.runTitle}" stays. ${why}`);
}
