import { join } from "node:path";

import type { Isolation, RunWorktree } from "../../contract/features/isolation.ts";
import type { Run } from "../../contract/features/runs.ts";
import { sessionSpecSchema, type SessionInfo } from "../../contract/internal/cos.ts";
import type { RunSpec } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RunMark } from "../../lib/run-mark.ts";
import { loginShell } from "../sessions/shell-launch.ts";
import { exists } from "./reclaim-worktree.ts";
import type { Sessions } from "./run-in-session.ts";
import type { Bubblewrap } from "../../lib/processes/bubblewrap.ts";
import type { SandboxKeeper } from "./sandbox/sandbox-keeper.ts";
import { plainSurroundings, type Surroundings } from "./surroundings.ts";
import { refused, worktreeBase } from "./worktree-base.ts";
import type { MakingTeller, WorktreeMaker } from "./worktree-maker.ts";
import { isLeaving, type WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";
import type { WorktreeViewer } from "./worktree-viewer.ts";

/** A run that is about to work somewhere of its own. */
export type Entrant = Pick<Run, "id" | "title" | "appId" | "isolation" | "folder" | "worktree">;

export interface Entered {
  worktree: RunWorktree;
  /** Folder to work in. */
  folder: string;
  surroundings: Surroundings;
}

export interface EntryOptions {
  records: WorktreeRecords;
  maker: WorktreeMaker;
  viewer: WorktreeViewer;
  sandboxes: SandboxKeeper;
  bubblewrap: Bubblewrap;
  sessions: Sessions;
  clock: Clock;
  /** Environment by which everything a run starts is found. */
  mark: RunMark;
}

/** The way of runs into their worktrees. */
export interface WorktreeEntry {
  /** Whether a run may be isolated like this. Throws `invalid_request` naming the field, `unavailable` without bubblewrap. */
  check(folder: string | null, isolation: Isolation): Promise<void>;
  /** The worktree of a run: its own one, or a new one. Throws an `AppError` for the user. */
  enter(run: Entrant, setup: RunSpec["setup"], tell: MakingTeller): Promise<Entered>;
  /** What programs of a run are started in that has been entered before. */
  surroundingsOf(run: Pick<Entrant, "id">): Surroundings;
  /** A command line the user typed, in a session of its own. */
  command(runId: string, command: { name: string; command: string; timeoutMs: number }): Promise<SessionInfo>;
}

export function createWorktreeEntry(options: EntryOptions): WorktreeEntry {
  const { records, maker, viewer, sandboxes, bubblewrap, sessions, clock, mark } = options;

  async function checkSandbox(isolation: Isolation): Promise<void> {
    if (isolation.kind !== "sandbox") return;
    const state = await bubblewrap.state();
    if (state.isAvailable) return;
    throw new AppError("invalid_request", "Sandboxes cannot be made on this machine", {
      hint: state.help,
      issues: [{ path: "body.isolation", message: state.help }],
    });
  }

  function surroundings(record: WorktreeRecord): Surroundings {
    const environment = record.port === null ? {} : { PORT: String(record.port) };
    const afterAttempt = async (): Promise<string | null> => {
      const problem = await sandboxes.take(record);
      viewer.measure(record);
      return problem;
    };
    if (record.isolation.kind !== "sandbox") return { ...plainSurroundings, environment, afterAttempt };
    const wrap: Surroundings["wrap"] = (program, { agent, cwd }) => sandboxes.wrap(record, program, agent, cwd);
    return { environment, wrap, afterAttempt, isClosed: true };
  }

  async function provide(run: Entrant, setup: RunSpec["setup"], teller: MakingTeller): Promise<WorktreeRecord> {
    const record = records.get(run.id);
    if (record !== undefined) {
      if (isLeaving(record) || !(await exists(record.folder))) throw goneError();
      if (record.isBare) tellBare(record, setup, teller);
      return record;
    }
    if (run.worktree !== null) throw goneError();
    await teller.state("Makes the worktree…");
    const { id, title, appId, isolation, folder } = run;
    return maker.make({ runId: id, runTitle: title, appId, isolation, folder, setup }, teller);
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
      await checkSandbox(run.isolation);
      const record = await provide(run, setup, teller);
      await sandboxes.prepare(record);
      record.lastUsedAt = new Date(clock.now()).toISOString();
      await records.save(record);
      await viewer.tell(record);
      const { folder, repository, branch, baseBranch, baseCommit, port } = record;
      return {
        worktree: { folder, repository, branch, baseBranch, baseCommit, port },
        folder: join(folder, record.prefix),
        surroundings: surroundings(record),
      };
    },

    surroundingsOf({ id }) {
      const record = records.get(id);
      return record ? surroundings(record) : plainSurroundings;
    },

    async command(runId, { name, command, timeoutMs }) {
      const record = viewer.find(runId);
      if (record.state !== "ready") throw new AppError("conflict", "The worktree is being made");
      await checkSandbox(record.isolation);
      await sandboxes.ensure(record);
      const cwd = join(record.folder, record.prefix);
      const { environment, wrap } = surroundings(record);
      const shell = { file: loginShell(), args: ["-l", "-c", command] };
      const wrapped = wrap(shell, { agent: null, cwd });
      const [markName, markValue] = mark(runId, "command");
      return sessions.create(
        sessionSpecSchema.parse({
          kind: "command",
          ...(wrapped === shell ? { shellCommand: command } : { command: [wrapped.file, ...wrapped.args] }),
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
  };
}

/** The command would run what the agent has written meanwhile, and nobody has asked for that. */
function tellBare(record: WorktreeRecord, setup: RunSpec["setup"], teller: MakingTeller): void {
  record.isBare = false; // on disk when it is entered
  const command = setup?.setupCommand.trim() ?? "";
  if (command === "") return;
  teller.notice(
    "warning",
    `The worktree was made again, and its set-up command was not run, because that may run what the agent has changed: ${command}`,
  );
}

function goneError(): AppError {
  return new AppError("conflict", "The worktree of this run has been removed", {
    hint: "Run the same prompt again: it gets a new worktree.",
  });
}
