import { useMemo, useState } from "react";

import { formatCount } from "../lib/format.ts";
import { diffLines, type DiffHunk, type DiffLine, type LineDiff } from "../../../contract/line-diff.ts";
import classes from "./diff-view.module.css";

interface DiffViewProps {
  path: string;
  /** `null`: the file is new. */
  before: string | null;
  after: string;
  /** The texts are not whole: numbers of lines would be wrong. */
  isCut?: boolean;
}

const shownLines = 200;
const signs: Record<DiffLine["kind"], string> = { same: " ", added: "+", removed: "−" };
const words: Record<DiffLine["kind"], string> = { same: "", added: "added: ", removed: "removed: " };

/** A change of one file, line by line, with the numbers of both sides. */
export function DiffView({ path, before, after, isCut = false }: DiffViewProps) {
  const diff = useMemo(() => diffLines(before ?? "", after), [before, after]);
  const [isWhole, setIsWhole] = useState(false);
  const total = diff.hunks.reduce((sum, { lines }) => sum + lines.length, 0);
  const hunks = isWhole ? diff.hunks : firstLines(diff.hunks, shownLines);
  return (
    <figure className={classes["diff"]}>
      <figcaption className={classes["head"]}>
        <span className={classes["path"]} title={path}>
          {path}
        </span>
        {before === null ? <span className={classes["new"]}>new file</span> : null}
        <DiffStat diff={diff} />
      </figcaption>
      {total === 0 ? (
        <p className={classes["note"]}>No line changes.</p>
      ) : (
        <div className={classes["scroll"]} tabIndex={0} role="region" aria-label={`Changes of ${path}`}>
          <div className={classes["lines"]}>
            {hunks.map((hunk, index) => (
              <Hunk key={index} hunk={hunk} isNumbered={!isCut} />
            ))}
          </div>
        </div>
      )}
      {isCut ? (
        <p className={classes["note"]}>The file is too long to be kept as a whole; this is a part of it.</p>
      ) : null}
      {total > shownLines && !isWhole ? (
        <button
          type="button"
          className={classes["more"]}
          onClick={() => {
            setIsWhole(true);
          }}
        >
          {`Show ${formatCount(total - shownLines, "more line")}`}
        </button>
      ) : null}
    </figure>
  );
}

/** "+12 −3" */
export function DiffStat({ diff }: { diff: Pick<LineDiff, "added" | "removed"> }) {
  return (
    <span className={classes["stat"]}>
      <span className={classes["plus"]}>
        <span className="visually-hidden">{formatCount(diff.added, "line")} added, </span>
        <span aria-hidden="true">+{diff.added}</span>
      </span>{" "}
      <span className={classes["minus"]}>
        <span className="visually-hidden">{diff.removed} removed</span>
        <span aria-hidden="true">−{diff.removed}</span>
      </span>
    </span>
  );
}

function Hunk({ hunk, isNumbered }: { hunk: DiffHunk; isNumbered: boolean }) {
  return (
    <>
      {hunk.skipped > 0 ? (
        <div className={classes["skipped"]}>{formatCount(hunk.skipped, "unchanged line")}</div>
      ) : null}
      {hunk.lines.map((line, index) => (
        <div key={index} className={classes["line"]} data-kind={line.kind}>
          {isNumbered ? (
            <>
              <span className={classes["number"]}>{line.before}</span>
              <span className={classes["number"]}>{line.after}</span>
            </>
          ) : null}
          <span className={classes["sign"]} aria-hidden="true">
            {signs[line.kind]}
          </span>
          <span className={classes["text"]}>
            {line.kind === "same" ? null : <span className="visually-hidden">{words[line.kind]}</span>}
            {line.text}
          </span>
        </div>
      ))}
    </>
  );
}

function firstLines(hunks: readonly DiffHunk[], most: number): DiffHunk[] {
  const shown: DiffHunk[] = [];
  let left = most;
  for (const hunk of hunks) {
    if (left <= 0) break;
    shown.push({ ...hunk, lines: hunk.lines.slice(0, left) });
    left -= hunk.lines.length;
  }
  return shown;
}
