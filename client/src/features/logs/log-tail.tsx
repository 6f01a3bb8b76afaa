import { useComputedColorScheme } from "@mantine/core";
import { IconCloudOff } from "../../ui/icons.gen.ts";
import { Link } from "@tanstack/react-router";
import { useLayoutEffect, useRef } from "react";

import { errorMessage } from "../../lib/api-error.ts";
import { formatClock } from "../../lib/time.ts";
import { foldRows } from "./fold-rows.ts";
import { joinNames } from "./log-address.ts";
import { LogRow } from "./log-row.tsx";
import type { LogWindow, WindowLine } from "./log-window.ts";
import { noConnectionText } from "./no-connection.tsx";
import { useCutOff } from "./use-cut-off.ts";
import { useLogView } from "./use-log-view.ts";
import classes from "./log-tail.module.css";

interface LogTailProps {
  /** PM2 name of the process: `portos-server`, `<app>/<process>`. */
  processName: string;
  home?: "portos" | "user";
  /** Pixels. */
  height?: number;
}

const noTags = null;
const nothing = (): void => undefined;

/** The last lines of one process, live, with the way to all of them. For pages of other features. */
export function LogTail({ processName, home = "portos", height = 220 }: LogTailProps) {
  const source = `${home}/${processName}`;
  const { view, state } = useLogView({ sources: [source], filter: null, at: null }, { maxLines: 200, tail: 100 });
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const isDark = useComputedColorScheme("dark") === "dark";
  const isCutOff = useCutOff();
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtEnd.current) element.scrollTo({ top: element.scrollHeight });
  });
  return (
    <div className={classes["tail"]}>
      <div
        ref={scroller}
        className={classes["lines"]}
        data-wrapped
        style={{ height }}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={`Last lines of ${processName}`}
        onScroll={({ currentTarget: element }) => {
          isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
        }}
      >
        {state.mode === "loading" ? (
          <p className={classes["note"]}>{isCutOff ? noConnectionText : "Loading…"}</p>
        ) : null}
        {state.mode === "failed" ? <p className={classes["note"]}>{errorMessage(state.error)}</p> : null}
        {state.mode !== "loading" && state.mode !== "failed" && view.window.lines.length === 0 ? (
          <p className={classes["note"]}>Nothing printed yet.</p>
        ) : null}
        {shownLines(view.window).map(({ line, number }) => (
          <LogRow
            key={number}
            line={line}
            times="local"
            isDark={isDark}
            tag={noTags}
            highlight={null}
            isSelected={false}
            isTarget={false}
            groupSize={0}
            isFolded={false}
            onFold={nothing}
            onLoadSkipped={nothing}
          />
        ))}
      </div>
      {isCutOff && state.mode === "kept" ? (
        <p className={classes["age"]} role="status">
          <IconCloudOff size={13} /> as of {formatClock(state.keptAt ?? 0)}
        </p>
      ) : null}
      <Link to="/logs" search={{ process: joinNames([source]) }} className={classes["link"]}>
        Open logs of {processName}
      </Link>
    </div>
  );
}

/** The lines without those that were written over, each with its lasting number. */
function shownLines({ lines, firstNumber }: LogWindow): { line: WindowLine; number: number }[] {
  return foldRows(lines, () => false).flatMap(({ index }) => {
    const line = lines[index];
    return line ? [{ line, number: firstNumber + index }] : [];
  });
}
