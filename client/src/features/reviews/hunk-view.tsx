import { ActionIcon, Button } from "@mantine/core";
import { Fragment, memo, useEffect, useState, type ReactNode } from "react";

import type { ReviewComment, ReviewHunk } from "../../../../contract/features/reviews.ts";
import { formatCount } from "../../lib/format.ts";
import { IconArrowBackUp, IconCheck, IconChevronDown, IconChevronUp, IconMessage2 } from "../../ui/icons.gen.ts";
import { isAbout, placeOf, type LinePlace, type ReviewLine } from "./diff-rows.ts";
import classes from "./reviews.module.css";
import { colourLines, loadColours, type ColouredPart } from "./syntax-colours.ts";

interface HunkViewProps {
  hunk: ReviewHunk;
  rows: readonly ReviewLine[];
  skipped: number;
  language: string | null;
  isOpen: boolean;
  /** The only one of its file: what is done with it is done with the file. */
  isOnly: boolean;
  isLocked: boolean;
  chosen: LinePlace | null;
  /** The line that was tapped: what is done with the chosen one stands below it, also once another one near by is chosen. */
  tapped: LinePlace | null;
  onChoose: (row: ReviewLine) => void;
  /** Chooses a line beside the tapped one. */
  onAim: (row: ReviewLine) => void;
  onWrite: (row: ReviewLine) => void;
  onAccept: () => void;
  onRevert: () => void;
  comments: readonly ReviewComment[];
  renderComment: (comment: ReviewComment) => ReactNode;
  /** Where a comment on the chosen line is written. */
  box: ReactNode;
}

/** One run of changed lines with its buttons. */
export function HunkView(props: HunkViewProps) {
  const { hunk, rows, skipped, language, isOpen, isOnly, isLocked, chosen, tapped, comments } = props;
  const colours = useColours(rows, language);
  const chosenRow = rowAt(rows, chosen);
  const tappedRow = rowAt(rows, tapped);
  return (
    <div className={classes["hunk"]} data-hunk data-accepted={hunk.isAccepted || undefined}>
      <div className={classes["hunkHead"]} hidden={(!isOpen || isOnly) && skipped === 0 && hunk.heading === ""}>
        <span className={classes["heading"]}>
          {skipped > 0 ? formatCount(skipped, "unchanged line") : ""}
          {skipped > 0 && hunk.heading !== "" ? " · " : ""}
          {hunk.heading}
        </span>
        {isOpen ? (
          <span className={classes["hunkActions"]}>
            {isOnly ? null : (
              <>
                <Button
                  variant="subtle"
                  leftSection={<IconArrowBackUp size={14} />}
                  disabled={isLocked}
                  onClick={props.onRevert}
                >
                  Revert these lines
                </Button>
                <Button
                  variant={hunk.isAccepted ? "light" : "subtle"}
                  aria-pressed={hunk.isAccepted}
                  leftSection={<IconCheck size={14} />}
                  onClick={props.onAccept}
                >
                  {hunk.isAccepted ? "Accepted" : "Accept"}
                </Button>
              </>
            )}
          </span>
        ) : null}
      </div>
      <div className={classes["scroll"]}>
        <div className={classes["lines"]}>
          {rows.map((row, index) => {
            const isChosen = row === chosenRow;
            const own = comments.filter((comment) => !comment.isOutdated && isHere(comment, row));
            return (
              <Fragment key={index}>
                <Line
                  row={row}
                  parts={colours?.[index]}
                  isChosen={isChosen}
                  isOpen={isOpen}
                  onChoose={props.onChoose}
                  onWrite={props.onWrite}
                />
                {row === tappedRow && chosenRow !== undefined && isOpen && props.box === null ? (
                  <WriteBar rows={rows} row={chosenRow} onWrite={props.onWrite} onAim={props.onAim} />
                ) : null}
                {own.length === 0 && !(isChosen && props.box !== null) ? null : (
                  <div className={classes["said"]}>
                    {own.map(props.renderComment)}
                    {isChosen ? props.box : null}
                  </div>
                )}
              </Fragment>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** A comment on an unchanged line is shown once, although both sides have the line. */
function isHere(comment: ReviewComment, row: ReviewLine): boolean {
  return isAbout(comment, row);
}

function rowAt(rows: readonly ReviewLine[], place: LinePlace | null): ReviewLine | undefined {
  return rows.find((row) => place !== null && isSame(placeOf(row), place));
}

interface WriteBarProps {
  rows: readonly ReviewLine[];
  /** The chosen one. */
  row: ReviewLine;
  onWrite: (row: ReviewLine) => void;
  onAim: (row: ReviewLine) => void;
}

/** Lines are lower than a finger: the line that was meant is reached from the one that was met. */
function WriteBar({ rows, row, onWrite, onAim }: WriteBarProps) {
  const index = rows.indexOf(row);
  const step = (by: 1 | -1, label: string, StepIcon: typeof IconChevronUp): ReactNode => {
    const other = rows[index + by];
    return (
      <ActionIcon
        variant="default"
        aria-label={label}
        disabled={other === undefined}
        onClick={() => {
          if (other !== undefined) onAim(other);
        }}
      >
        <StepIcon size={16} />
      </ActionIcon>
    );
  };
  return (
    <div className={classes["write"]}>
      <Button
        leftSection={<IconMessage2 size={14} />}
        onClick={() => {
          onWrite(row);
        }}
      >
        Comment on line {placeOf(row).line}
      </Button>
      {step(-1, "Line before", IconChevronUp)}
      {step(1, "Line after", IconChevronDown)}
    </div>
  );
}

function isSame(one: LinePlace, other: LinePlace): boolean {
  return one.side === other.side && one.line === other.line;
}

const signs: Record<ReviewLine["kind"], string> = { same: " ", added: "+", removed: "−" };
const words: Record<ReviewLine["kind"], string> = { same: "", added: "added, ", removed: "removed, " };

interface LineProps {
  row: ReviewLine;
  parts: readonly ColouredPart[] | undefined;
  isChosen: boolean;
  isOpen: boolean;
  onChoose: (row: ReviewLine) => void;
  onWrite: (row: ReviewLine) => void;
}

const Line = memo(
  function Line({ row, parts, isChosen, isOpen, onChoose, onWrite }: LineProps) {
    const { kind, text, before, after, isUnended } = row;
    const { side, line } = placeOf(row);
    return (
      <div
        className={classes["line"]}
        data-kind={kind}
        data-chosen={isChosen || undefined}
        onClick={() => {
          if (isOpen && getSelection()?.toString() === "") onChoose(row);
        }}
      >
        <button
          type="button"
          className={classes["numbers"]}
          data-side={side}
          data-line={line}
          disabled={!isOpen}
          aria-label={`Line ${String(line)}, ${words[kind]}comment on it`}
          onClick={(event) => {
            event.stopPropagation();
            onWrite(row);
          }}
        >
          <span data-number={before ?? ""} />
          <span data-number={after ?? ""} />
        </button>
        <span className={classes["sign"]} aria-hidden="true">
          {signs[kind]}
        </span>
        <span className={classes["text"]}>
          {parts === undefined
            ? text
            : parts.map((part, index) =>
                part.kind === null ? (
                  part.text
                ) : (
                  <span key={index} data-syntax={part.kind}>
                    {part.text}
                  </span>
                ),
              )}
          {isUnended ? <span className={classes["unended"]}> no line break at the end</span> : null}
        </span>
      </div>
    );
  },
  (one, other) =>
    one.row === other.row &&
    one.parts === other.parts &&
    one.isChosen === other.isChosen &&
    one.isOpen === other.isOpen,
);

/** Colours come a moment after the lines, and not at all for a language that is not known. */
function useColours(rows: readonly ReviewLine[], language: string | null): ColouredPart[][] | undefined {
  const [coloured, setColoured] = useState<{ rows: readonly ReviewLine[]; parts: ColouredPart[][] }>();
  useEffect(() => {
    if (language === null) return undefined;
    let isCurrent = true;
    loadColours(language).then(
      (colour) => {
        if (isCurrent) setColoured({ rows, parts: colourLines(rows, colour) });
      },
      () => undefined, // without them the lines can be read all the same
    );
    return () => {
      isCurrent = false;
    };
  }, [rows, language]);
  return coloured?.rows === rows ? coloured.parts : undefined;
}
