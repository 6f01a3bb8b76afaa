import type { TranscriptBlock } from "../../../../contract/run-transcript.ts";
import { cutMarkdown } from "../../ui/markdown/markdown.ts";

/** One row of the list: a block, or a part of a long text. */
export interface TranscriptRow {
  readonly key: string;
  readonly block: TranscriptBlock;
  /** The part of the text shown in this row; `null` when the block is shown as a whole. */
  readonly part: string | null;
}

const cuts = new WeakMap<TranscriptBlock, readonly TranscriptRow[]>();

function rowsOf(block: TranscriptBlock): readonly TranscriptRow[] {
  if (block.kind !== "text") return [{ key: block.key, block, part: null }];
  const rows = cutMarkdown(block.text).map((part, index) => ({
    key: `${block.key}:${String(index)}`,
    block,
    part,
  }));
  return rows;
}

/** The rows of a transcript; those of a block that has not changed are the same objects as before. */
export function transcriptRows(blocks: readonly TranscriptBlock[]): TranscriptRow[] {
  return blocks.flatMap((block) => {
    const known = cuts.get(block);
    if (known) return [...known];
    const rows = rowsOf(block);
    cuts.set(block, rows);
    return [...rows];
  });
}

/** Everything that can be read in a row, also when it is folded, for the search. */
export function rowText({ block, part }: TranscriptRow): string {
  switch (block.kind) {
    case "user":
    case "text":
    case "reasoning":
    case "output":
    case "notice":
      return part ?? block.text;
    case "plan":
      return block.entries.map(({ text }) => text).join("\n");
    case "tool": {
      const { title, input, output, edits } = block.call;
      return [
        title,
        input ?? "",
        output ?? "",
        ...edits.flatMap((edit) => [edit.path, edit.before ?? "", edit.after]),
      ].join("\n");
    }
    case "question":
      return [block.request.call.title, block.request.call.input ?? "", block.answer?.reason ?? ""].join("\n");
    case "attempt":
      return [block.providerName, block.model ?? "", block.reason, block.end?.message ?? ""].join("\n");
    case "state":
      break;
  }
  return `${block.state} ${block.message ?? ""}`;
}

/** Indexes of the rows that have `query`, case ignored; none for an empty one. */
export function findRows(rows: readonly TranscriptRow[], query: string): number[] {
  const needle = query.trim().toLowerCase();
  if (needle === "") return [];
  return rows.flatMap((row, index) => (rowText(row).toLowerCase().includes(needle) ? [index] : []));
}
