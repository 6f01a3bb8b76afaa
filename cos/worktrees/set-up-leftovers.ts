import { join } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { errorCode } from "../../lib/durable-file.ts";
import { noteNoWork } from "../../lib/processes/no-work.ts";
import { hashOf, stampOf } from "./copy-untracked.ts";
import { placeOf, treeOf } from "./worktree-facts.ts";
import type { MakingTeller } from "./worktree-maker.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

/** More than that is no longer looked through each time the work is read. */
const mostFiles = 20_000;

/**
 * What the set-up command has just left in a worktree is no work of the run, as long as it stays as it is: files it has made, changed
 * or deleted, and copied files it has filled in.
 */
export async function noteLeftovers(record: WorktreeRecord, tell: Pick<MakingTeller, "notice">): Promise<void> {
  record.copied = await Promise.all(record.copied.map((file) => asItIsNow(record.folder, file)));
  const place = placeOf(record);
  if (place === null || typeof place === "string") return;
  try {
    const { files, isNoted } = await noteNoWork(place, await treeOf(record, place), mostFiles);
    if (!isNoted)
      tell.notice("warning", `${leftText(files)} That is too many to tell from what the agent does: ${listed}`);
    else if (files > 0) tell.notice("info", `${leftText(files)} That is no work of the agent until it changes them.`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    tell.notice("warning", `What the set-up command has left is shown as work of the agent. ${error.message}.`);
  }
}

const listed = "list them in .gitignore, or they are shown as its work.";

function leftText(files: number): string {
  return `The set-up command has left ${files === 1 ? "1 change" : `${files.toLocaleString("en")} changes`} to files that git does not ignore.`;
}

type Copied = WorktreeRecord["copied"][number];

/** Of one that is gone, or is no file any more, nothing new is known. */
async function asItIsNow(folder: string, file: Copied): Promise<Copied> {
  const place = join(folder, file.path);
  try {
    const stamp = await stampOf(place);
    return stamp === file.stamp ? file : { path: file.path, hash: await hashOf(place), stamp };
  } catch (error) {
    if (error instanceof AppError || errorCode(error) !== undefined) return file;
    throw error;
  }
}
