import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import type { TreeChange } from "./diff-parts.ts";
import { readable } from "./diff-parts.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";
import { treeChanges } from "./work-diff.ts";
import { findWork, whyNoWork } from "./work-place.ts";
import { readWork, type Work } from "./work-snapshot.ts";

/** Work that lies open: as it is in its worktree now, with what it changes. */
export interface OpenWork {
  record: ReviewRecord;
  work: Work;
  changes: TreeChange[];
}

/** How reviews get at the work of runs; one caller at a time for each run. */
export interface ReviewDesk {
  /** Folder of ours for one run. */
  scratch(runId: string): string;
  inLine<T>(key: string, work: () => Promise<T>): Promise<T>;
  find(runId: string): ReviewRecord;
  /** The work as it is now, noted in the record; `null` when its worktree is gone. */
  read(record: ReviewRecord): Promise<OpenWork | null>;
  /** Open work nobody works on, as the caller has seen it. Throws `conflict` with the reason when it is not. */
  settled(runId: string, tree?: string): Promise<OpenWork>;
}

export interface DeskOptions {
  records: ReviewRecords;
  stateDir: string;
  /** The agent works on it now. */
  isWorking(runId: string): boolean;
  changed(record: ReviewRecord): void;
}

export function createReviewDesk({ records, stateDir, isWorking, changed }: DeskOptions): ReviewDesk {
  const lines = new Map<string, Promise<unknown>>();
  const scratch = (runId: string): string => join(stateDir, "reviews", runId);

  function find(runId: string): ReviewRecord {
    const record = records.get(runId);
    if (!record) throw new AppError("not_found", "There is no such review");
    return record;
  }

  async function read(record: ReviewRecord): Promise<OpenWork | null> {
    const place = await findWork(record.worktree);
    if (place === null) return null;
    const work = await readWork(record.worktree, place, { scratch: scratch(record.runId), without: record.copied });
    const changes = await treeChanges(place, work.base, work.tree);
    return { record: await note(record, work, changes), work, changes };
  }

  /** What lists show follows what was seen. */
  async function note(record: ReviewRecord, { tree, base, head }: Work, changes: TreeChange[]): Promise<ReviewRecord> {
    const { last } = record;
    if (last?.tree === tree && last.base === base && last.head === head) return record;
    const noted = await records.change(record.runId, (one) => ({
      ...one,
      last: { tree, base, head },
      figures: figuresOf(changes),
    }));
    if (noted) changed(noted);
    return noted ?? record;
  }

  return {
    scratch,
    find,
    read,
    inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
      const next = (lines.get(key) ?? Promise.resolve()).then(work, work);
      lines.set(key, next);
      const forget = (): void => {
        if (lines.get(key) === next) lines.delete(key);
      };
      next.then(forget, forget);
      return next;
    },
    async settled(runId, tree) {
      const record = find(runId);
      if (record.state !== "open") throw new AppError("conflict", "This work was decided on already");
      if (record.pending !== null) throw new AppError("conflict", "This work is being merged");
      if (isWorking(runId))
        throw new AppError("conflict", "The agent is at work", { hint: "Wait until it is done, or stop it." });
      const open = await read(record);
      if (open === null) throw new AppError("conflict", await whyNoWork(record.worktree));
      if (tree !== undefined && tree !== open.work.tree)
        throw new AppError("conflict", "The work was changed meanwhile", {
          hint: "Look at it as it is now, then decide again.",
        });
      return open;
    },
  };
}

/** Sums of what was changed. */
export function figuresOf(changes: readonly TreeChange[]): ReviewRecord["figures"] {
  return {
    files: changes.length,
    added: changes.reduce((sum, { added }) => sum + added, 0),
    removed: changes.reduce((sum, { removed }) => sum + removed, 0),
  };
}

/** The change of a file by the name the user knows. Throws `not_found`. */
export function changeAt(changes: readonly TreeChange[], path: string): TreeChange {
  const change = changes.find(({ rawPath }) => readable(rawPath) === path);
  if (!change) throw new AppError("not_found", "This file is not changed any more");
  return change;
}

/** What is shown of a review: the work as it is now, else as it was when it was decided on or last read. */
export async function shownOf(
  desk: ReviewDesk,
  runId: string,
): Promise<{ record: ReviewRecord; changes: TreeChange[]; place: string }> {
  const record = desk.find(runId);
  const place = record.worktree.repository;
  const open = record.state === "open" ? await desk.read(record) : null;
  if (open) return { record: open.record, changes: open.changes, place };
  const shown = record.decision ?? record.last;
  return { record, place, changes: shown ? await treeChanges(place, shown.base, shown.tree) : [] };
}
