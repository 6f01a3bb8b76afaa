import { useEffect, useRef } from "react";

import type { ReviewComment, ReviewFile } from "../../../../contract/features/reviews.ts";
import { IconCheck, IconFolder, IconMessage2 } from "../../ui/icons.gen.ts";
import { ChangeCount } from "./change-count.tsx";
import { treeRows } from "./file-tree-rows.ts";
import { changeWords } from "./review-words.ts";
import classes from "./reviews.module.css";

interface FileTreeProps {
  files: readonly ReviewFile[];
  comments: readonly ReviewComment[];
  current: string | undefined;
  onOpen: (path: string) => void;
}

/** Changed files by folder: what became of each, how much, and whether it was accepted. */
export function FileTree({ files, comments, current, onOpen }: FileTreeProps) {
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current !== undefined) row.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <ul role="list" className={classes["tree"]}>
      {treeRows(files).map((entry, index) =>
        entry.kind === "folder" ? (
          <li key={`${entry.name}:${index}`} className={classes["folder"]} style={indent(entry.depth)}>
            <IconFolder size={14} />
            <span className="truncate">{entry.name}</span>
          </li>
        ) : (
          <li key={entry.file.path}>
            <button
              type="button"
              ref={entry.file.path === current ? row : null}
              className={classes["file"]}
              style={indent(entry.depth)}
              aria-current={entry.file.path === current ? "true" : undefined}
              title={entry.file.path}
              onClick={() => {
                onOpen(entry.file.path);
              }}
            >
              <FileMark file={entry.file} />
              <span className="truncate">{entry.name}</span>
              <CommentCount count={comments.filter(({ path }) => path === entry.file.path).length} />
              <ChangeCount added={entry.file.added} removed={entry.file.removed} />
            </button>
          </li>
        ),
      )}
    </ul>
  );
}

function indent(depth: number): { paddingLeft: string } {
  return { paddingLeft: `${String(10 + depth * 12)}px` };
}

/** What became of a file; a tick once it is accepted. */
function FileMark({ file: { change, isAccepted } }: { file: ReviewFile }) {
  const { sign, word } = changeWords[change];
  return (
    <span className={classes["mark"]} data-change={change} data-accepted={isAccepted || undefined}>
      {isAccepted ? <IconCheck size={13} /> : <span aria-hidden="true">{sign}</span>}
      <span className="visually-hidden">{isAccepted ? `${word}, accepted: ` : `${word}: `}</span>
    </span>
  );
}

function CommentCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className={classes["comments"]}>
      <IconMessage2 size={13} />
      <span className="visually-hidden">comments: </span>
      {count}
    </span>
  );
}
