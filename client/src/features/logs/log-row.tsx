import { IconChevronDown, IconChevronRight } from "../../ui/icons.gen.ts";
import { memo } from "react";

import type { LogNotice } from "../../../../contract/features/logs.ts";
import { formatBytes } from "../../lib/format.ts";
import { parseAnsi } from "../../ui/ansi.ts";
import { ansiLook } from "../../ui/ansi-style.ts";
import { findRanges, markSpans, type Range } from "./log-spans.ts";
import { formatLogDate, formatLogTime, type LogTimes } from "./log-time.ts";
import type { WindowLine } from "./log-window.ts";
import classes from "./log-row.module.css";

/** What is marked in every line. */
export interface Highlight {
  readonly text: string;
  readonly isCaseSensitive: boolean;
  /** Matches of a regular expression, found by the server, by line id. */
  readonly ranges?: ReadonlyMap<string, readonly Range[]>;
}

/** Name and colour of the process a line is from, in a merged view. */
export interface LineTag {
  readonly label: string;
  /** 0 to 7. */
  readonly hue: number;
}

interface LogRowProps {
  line: WindowLine;
  times: LogTimes;
  isDark: boolean;
  tag: LineTag | null;
  highlight: Highlight | null;
  isSelected: boolean;
  isTarget: boolean;
  groupSize: number;
  isFolded: boolean;
  onFold(id: string): void;
  onLoadSkipped(from: string): void;
}

const letters = { error: "E", warn: "W", info: "I", debug: "D", other: "" } as const;

/** One line: fold control, level, time, process, text. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { line, times, tag, isSelected, isTarget, groupSize, isFolded, onFold } = props;
  if (line.notice) return <NoticeRow notice={line.notice} onLoadSkipped={props.onLoadSkipped} tag={tag} />;
  return (
    <div
      className={classes["row"]}
      data-level={line.level}
      data-selected={isSelected || undefined}
      data-target={isTarget || undefined}
      data-line={line.id}
    >
      {groupSize > 0 ? (
        <button
          type="button"
          className={classes["fold"]}
          aria-expanded={!isFolded}
          aria-label={`${isFolded ? "Show" : "Hide"} ${String(groupSize)} lines that belong to this one`}
          onClick={(event) => {
            event.stopPropagation();
            onFold(line.id);
          }}
        >
          {isFolded ? <IconChevronRight size={13} /> : <IconChevronDown size={13} />}
        </button>
      ) : (
        <span className={classes["fold"]} />
      )}
      <span className={classes["level"]} title={line.level}>
        {line.isContinuation ? "" : letters[line.level]}
      </span>
      {times === "off" ? null : (
        <span className={classes["time"]} title={line.time === null ? undefined : formatLogDate(line.time, times)}>
          {line.time === null ? "" : formatLogTime(line.time, times)}
        </span>
      )}
      {tag === null ? null : (
        <span className={classes["tag"]} data-hue={tag.hue}>
          {tag.label}
        </span>
      )}
      <span className={classes["text"]}>
        <LineText line={line} isDark={props.isDark} highlight={props.highlight} />
        {line.cutBytes > 0 ? <span className={classes["cut"]}> … {formatBytes(line.cutBytes)} more</span> : null}
        {isFolded ? <span className={classes["cut"]}> … {groupSize} lines</span> : null}
      </span>
    </div>
  );
});

/** The text of a line with its colours and marks; only text nodes, whatever a program prints. */
export function LineText({
  line,
  isDark,
  highlight,
}: {
  line: Pick<WindowLine, "id" | "text">;
  isDark: boolean;
  highlight: Highlight | null;
}) {
  const spans = parseAnsi(line.text);
  const text = spans.map((span) => span.text).join("");
  const given = line.text.includes("\r") ? undefined : highlight?.ranges?.get(line.id);
  const ranges = highlight === null ? [] : (given ?? findRanges(text, highlight.text, highlight.isCaseSensitive));
  return markSpans(spans, ranges).map((span, index) => {
    // A mark has colours of its own: those of the program may not be readable on it.
    if (span.isMatch) return <mark key={index}>{span.text}</mark>;
    const look = ansiLook(span.style, isDark);
    if (look === undefined) return span.text;
    return (
      <span key={index} {...look}>
        {span.text}
      </span>
    );
  });
}

const noticeTexts: Record<LogNotice["kind"], string> = {
  rotated: "The log file was rotated",
  truncated: "The log file was emptied",
  vanished: "The log file was removed",
  appeared: "The log file was created",
  skipped: "Too fast to show",
};

function NoticeRow({
  notice,
  tag,
  onLoadSkipped,
}: {
  notice: LogNotice;
  tag: LineTag | null;
  onLoadSkipped(from: string): void;
}) {
  const { kind, from, skippedLines, skippedBytes = 0 } = notice;
  const amount =
    kind === "skipped"
      ? `: ${typeof skippedLines === "number" ? `${skippedLines.toLocaleString("en")} lines` : formatBytes(skippedBytes)} skipped`
      : "";
  return (
    <div className={classes["notice"]}>
      <span>
        {tag === null ? "" : `${tag.label}: `}
        {noticeTexts[kind]}
        {amount}
      </span>
      {from === undefined ? null : (
        <button
          type="button"
          className={classes["link"]}
          onClick={() => {
            onLoadSkipped(from);
          }}
        >
          Read them from the file
        </button>
      )}
    </div>
  );
}
