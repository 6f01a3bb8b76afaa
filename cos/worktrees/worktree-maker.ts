import { access, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Isolation, RunWorktree } from "../../contract/features/isolation.ts";
import type { RunSpec } from "../../contract/internal/runs.ts";
import type { Clock } from "../../lib/clock.ts";
import { gitChanges } from "../../lib/processes/git-repository.ts";
import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import type { RunMark } from "../../lib/run-mark.ts";
import { adoptedRecord, madeAgain } from "./adopt-worktree.ts";
import { copyUntracked } from "./copy-untracked.ts";
import { addWorktree, takeBack } from "./make-worktree.ts";
import { choosePorts } from "./port-leases.ts";
import type { Sessions } from "./run-in-session.ts";
import { noteLeftovers } from "./set-up-leftovers.ts";
import { setUpWorktree } from "./set-up-worktree.ts";
import { branchFor, worktreeBase, type WorktreeBase } from "./worktree-base.ts";
import type { WorktreeRecord } from "./worktree-record.ts";
import type { WorktreeRecords } from "./worktree-records.ts";

export interface WorktreeWish {
  runId: string;
  runTitle: string;
  appId: string | null;
  isolation: Isolation;
  /** Folder the run was asked to work in. */
  folder: string | null;
  setup: RunSpec["setup"];
}

/** Who is told while a worktree is made. */
export interface MakingTeller {
  state(message: string): Promise<void>;
  notice(level: "info" | "warning", text: string): void;
  output(text: string): void;
  /** The session in which the set-up command runs. */
  session(id: string): void;
  /** Somebody wants it to end. */
  signal: AbortSignal;
}

export interface WorktreeMaker {
  /** Makes the worktree of a run, whole or not at all. Throws an `AppError` for the user. */
  make(wish: WorktreeWish, tell: MakingTeller): Promise<WorktreeRecord>;
  /** Takes up one that was reclaimed and made again elsewhere; files that are copied into it are copied again. Throws `conflict`. */
  adopt(made: MadeAgain): Promise<WorktreeRecord>;
  /** Takes a half-made one away. */
  undo(record: WorktreeRecord): Promise<void>;
}

/** A worktree made again where it was before it was reclaimed. */
export interface MadeAgain {
  runId: string;
  runTitle: string;
  appId: string | null;
  worktree: RunWorktree;
}

/** How a run was to be isolated. */
export interface KnownRun {
  isolation: Isolation;
  /** Folder it worked in. */
  folder: string;
  setup: RunSpec["setup"];
}

interface MakerOptions {
  /** Absolute folder in which worktrees are made. */
  folder: string;
  records: WorktreeRecords;
  sessions: Sessions;
  clock: Clock;
  /** Environment by which everything the run starts is found. */
  mark: RunMark;
  /** What is known of a run, `null` when nothing is. */
  runOf: (runId: string) => Promise<KnownRun | null>;
}

export function createWorktreeMaker(options: MakerOptions): WorktreeMaker {
  const { records, clock } = options;
  const lines = new Map<string, Promise<unknown>>();

  /** One after the other: git locks what worktrees share, and no two may lease the same ports. */
  function inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (lines.get(key) ?? Promise.resolve()).then(work);
    const over = done
      .catch(() => undefined) // who asked gets the error
      .then(() => {
        if (lines.get(key) === over) lines.delete(key);
      });
    lines.set(key, over);
    return done;
  }

  const takenPorts = (): number[] => records.all().flatMap(({ port }) => (port === null ? [] : [port]));

  async function freePort(): Promise<number | null> {
    return choosePorts(
      takenPorts(),
      (await listeningPorts()).map(({ port }) => port),
    );
  }

  /** Written down before anything is made. */
  function lease(wish: WorktreeWish, base: WorktreeBase): Promise<WorktreeRecord> {
    return inLine("ports", async () => {
      const now = new Date(clock.now()).toISOString();
      const record: WorktreeRecord = {
        version: 1,
        runId: wish.runId,
        runTitle: wish.runTitle,
        appId: wish.appId,
        isolation: wish.isolation,
        state: "making",
        folder: join(options.folder, wish.runId),
        repository: base.repository,
        commonDir: base.commonDir,
        gitDir: null,
        prefix: base.prefix,
        branch: branchFor(wish.runTitle, wish.runId),
        baseBranch: base.branch,
        baseCommit: base.commit,
        port: await freePort(),
        createdAt: now,
        lastUsedAt: now,
        copied: [],
        fate: "open",
        decided: null,
        facts: null,
        isBare: false,
        problem: null,
      };
      await mkdir(options.folder, { recursive: true, mode: 0o700 });
      await records.save(record);
      return record;
    });
  }

  async function build(record: WorktreeRecord, wish: WorktreeWish, tell: MakingTeller): Promise<void> {
    const setup = wish.setup ?? { setupCommand: "", setupTimeoutMs: 600_000, copiedFiles: [] };
    record.gitDir = await inLine(record.commonDir, () => addWorktree(record));
    tell.signal.throwIfAborted();
    for (const problem of await copyInto(record, setup.copiedFiles)) tell.notice("warning", problem);
    await setUpWorktree(record, setup, tell, options);
    if (setup.setupCommand.trim() !== "") await noteLeftovers(record, tell);
    tell.signal.throwIfAborted();
    record.state = "ready";
    await records.save(record);
  }

  /** What was not copied and why. */
  async function copyInto(record: WorktreeRecord, names: readonly string[]): Promise<string[]> {
    const [from, to] = [join(record.repository, record.prefix), join(record.folder, record.prefix)];
    const { files, problems } = await copyUntracked(from, to, names);
    record.copied = files.map((file) => ({ ...file, path: join(record.prefix, file.path) }));
    await records.save(record);
    return problems;
  }

  async function adopt(made: MadeAgain): Promise<WorktreeRecord> {
    const { runId, worktree } = made;
    const run = await options.runOf(runId);
    const found = await madeAgain(join(options.folder, runId), worktree);
    const record = await inLine("ports", async () => {
      const port = worktree.port !== null && takenPorts().includes(worktree.port) ? await freePort() : worktree.port;
      const adopted = adoptedRecord(made, { ...found, run, port, now: new Date(clock.now()).toISOString() });
      await records.save(adopted);
      return adopted;
    });
    await copyInto(record, run?.setup?.copiedFiles ?? []);
    return record;
  }

  async function undo(record: WorktreeRecord): Promise<void> {
    await inLine(record.commonDir, () => takeBack(record));
    await rm(`${record.folder}.sandbox`, { recursive: true, force: true });
    await records.remove(record.runId);
  }

  return {
    async make(wish, tell) {
      const base = await inLine("look", () => worktreeBase(wish.folder));
      const record = await lease(wish, base);
      try {
        const changes = await inLine("look", () => gitChanges(base.repository));
        if (changes.length > 0) tell.notice("info", uncommitted(changes.length, base.commit));
        await build(record, wish, tell);
        await access(join(record.folder, record.prefix));
        return record;
      } catch (error) {
        await undo(record);
        throw error;
      }
    },
    adopt,
    undo,
  };
}

function uncommitted(count: number, commit: string): string {
  const files = count === 1 ? "1 file with uncommitted changes" : `${count} files with uncommitted changes`;
  return `The folder has ${files}. They are not in the worktree: the work starts from commit ${commit.slice(0, 9)}.`;
}
