import type { FileEdit } from "../../../../contract/features/run-events.ts";
import type { TranscriptBlock } from "../../../../contract/run-transcript.ts";
import { withoutFolder } from "../../../../contract/short-path.ts";

/** A file an agent has changed, with its changes in the order made; those that go on from one another are one. */
export interface ChangedFile {
  readonly path: string;
  readonly edits: readonly FileEdit[];
}

/** What the tools of a run have changed, file by file in the order first touched; what failed or was denied is left out. */
export function changedFiles(blocks: readonly TranscriptBlock[], folder: string): ChangedFile[] {
  const files = new Map<string, FileEdit[]>();
  for (const block of blocks) {
    if (block.kind !== "tool" || (block.call.state !== "succeeded" && block.call.state !== "running")) continue;
    for (const edit of block.call.edits) {
      const path = withoutFolder(edit.path, folder);
      const edits = files.get(path) ?? [];
      const last = edits.at(-1);
      // Tools tell the whole file or only the place they change: only the former go on from one another.
      if (last && !last.isCut && !edit.isCut && edit.before === last.after)
        edits[edits.length - 1] = { ...last, after: edit.after };
      else edits.push({ ...edit, path });
      files.set(path, edits);
    }
  }
  return [...files]
    .map(([path, edits]) => ({ path, edits: edits.filter(({ before, after }) => before !== after) }))
    .filter(({ edits }) => edits.length > 0);
}
