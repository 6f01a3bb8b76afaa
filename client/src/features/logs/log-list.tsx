import { Button } from "@mantine/core";
import { IconArrowDown } from "../../ui/icons.gen.ts";
import { useCallback, useLayoutEffect, useMemo, useRef, useState, type MouseEvent } from "react";

import { formatCount } from "../../lib/format.ts";
import { foldRows, type Row } from "./fold-rows.ts";
import { LogRow, type Highlight, type LineTag } from "./log-row.tsx";
import type { LogTimes } from "./log-time.ts";
import type { LogView, LogViewState } from "./log-view.ts";
import type { WindowLine } from "./log-window.ts";
import { layOut, rowAt, rowsInSight } from "../../ui/row-layout.ts";
import { useRowHeights } from "../../ui/use-row-heights.ts";
import classes from "./log-list.module.css";

export interface LineLook {
  isWrapped: boolean;
  times: LogTimes;
  isDark: boolean;
  /** By stream id; empty when one process is shown. */
  tags: ReadonlyMap<string, LineTag>;
  highlight: Highlight | null;
}

interface LogListProps {
  view: LogView;
  state: LogViewState;
  look: LineLook;
  /** Line to bring into view, from the address. */
  target: string | null;
  selection: ReadonlySet<string>;
  onSelect(line: WindowLine, isRange: boolean): void;
  onLoadSkipped(from: string): void;
  /** Leaves a line opened by its link for the newest lines. */
  onNewest(): void;
}

/** A place in the lines: so many pixels below the top of a line. */
interface Place {
  readonly number: number;
  readonly delta: number;
}

const rowHeight = 20;
/** Nearer to an end than this, more is read. */
const loadWithin = 600;
const atEndWithin = 24;
/** Kept rendered above and below what is in sight. */
const marginPixels = 300;

/** The lines, of which only those in sight are in the page. Stays at the end while the reader does. */
export function LogList({ view, state, look, target, selection, ...on }: LogListProps) {
  const shownTarget = useRef<string | null>(null);
  const lastTop = useRef(0);
  const lastPlaceTop = useRef(0);
  const [isFollowing, setFollowing] = useState(target === null);
  const [place, setPlace] = useState<Place | null>(null);
  const { folds, toggle } = useFolds();
  const heights = useRowHeights(rowHeight, !look.isWrapped);
  const { scroller, observeScroller, observe } = heights;
  const { lines, firstNumber } = view.window;
  const rows = useRows(view, state.version, folds);
  const starts = layOut(rows.length, (index) => heights.heightOf(firstNumber + (rows[index]?.index ?? 0)));
  const total = starts.at(-1) ?? 0;
  // Where the place being read lies now that lines may have come and gone above it.
  const placeTop = place ? (starts[findRow(rows, place.number - firstNumber)] ?? 0) + place.delta : 0;
  const top = isFollowing ? total - heights.viewHeight : placeTop;
  const { first, last } = rowsInSight(starts, top, heights.viewHeight, marginPixels);

  // After every paint: the end stays in sight, or the line being read stays where it is.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const targetIndex = target === null || shownTarget.current === target ? -1 : view.window.indexOf(target);
    // Whoever has scrolled up since the last paint is not pulled back, even before the browser has told of it.
    const hasLeft = element.scrollTop < lastTop.current - 1 && distanceToEnd(element) > atEndWithin;
    if (targetIndex >= 0) {
      const delta = -element.clientHeight / 2;
      shownTarget.current = target;
      lastPlaceTop.current = (starts[findRow(rows, targetIndex)] ?? 0) + delta;
      readAt({ number: firstNumber + targetIndex, delta });
      element.scrollTo({ top: lastPlaceTop.current });
    } else if (isFollowing) {
      if (hasLeft) return;
      element.scrollTo({ top: element.scrollHeight });
    } else {
      const shift = placeTop - lastPlaceTop.current;
      lastPlaceTop.current = placeTop;
      if (Math.abs(shift) > 0.5) element.scrollTo({ top: element.scrollTop + shift });
    }
    lastTop.current = element.scrollTop;
  });

  function readAt(at: Place): void {
    setPlace(at);
    if (isFollowing) leaveEnd();
  }

  function leaveEnd(): void {
    setFollowing(false);
    view.setFollowing(false);
  }

  function goToEnd(): void {
    setFollowing(true);
    view.setFollowing(true);
    if (state.mode === "apart") on.onNewest();
  }

  function handleScroll(): void {
    const element = scroller.current;
    if (!element) return;
    const wasUp = element.scrollTop < lastTop.current - 1;
    lastTop.current = element.scrollTop;
    const row = rowAt(starts, element.scrollTop);
    lastPlaceTop.current = element.scrollTop;
    setPlace(
      row < 0 ? null : { number: firstNumber + (rows[row]?.index ?? 0), delta: element.scrollTop - (starts[row] ?? 0) },
    );
    const fromEnd = distanceToEnd(element);
    if (fromEnd < atEndWithin && state.mode !== "apart") {
      if (!isFollowing) goToEnd();
    } else if (wasUp && isFollowing) leaveEnd();
    if (element.scrollTop < loadWithin && !state.isAtStart) void view.loadOlder();
    if (fromEnd < loadWithin && state.mode === "apart") void view.loadNewer();
  }

  function handleClick(event: MouseEvent): void {
    if (globalThis.getSelection()?.isCollapsed === false) return;
    const id = (event.target as HTMLElement).closest<HTMLElement>("[data-line]")?.dataset["line"];
    const line = id === undefined ? undefined : lines[view.window.indexOf(id)];
    if (line) on.onSelect(line, event.shiftKey);
  }

  return (
    <div className={classes["frame"]}>
      <div
        ref={observeScroller}
        className={classes["scroller"]}
        data-wrapped={look.isWrapped || undefined}
        onScroll={handleScroll}
        onClick={handleClick}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Log lines"
      >
        <div className={classes["sheet"]} style={{ height: total }}>
          <div className={classes["visible"]} style={{ transform: `translateY(${String(starts[first] ?? 0)}px)` }}>
            {rows.slice(first, last).map((row) => {
              const line = lines[row.index];
              if (!line) return null;
              const number = firstNumber + row.index;
              return (
                <div key={number} data-number={number} ref={observe}>
                  <LogRow
                    line={line}
                    times={look.times}
                    isDark={look.isDark}
                    tag={look.tags.get(line.stream) ?? null}
                    highlight={look.highlight}
                    isSelected={selection.has(line.id)}
                    isTarget={line.id === target}
                    groupSize={row.groupSize}
                    isFolded={row.isFolded}
                    onFold={toggle}
                    onLoadSkipped={on.onLoadSkipped}
                  />
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {isFollowing && state.mode !== "apart" ? null : (
        <Button
          className={classes["jump"] ?? ""}
          leftSection={<IconArrowDown size={14} />}
          onClick={goToEnd}
          variant="filled"
        >
          {state.newLines > 0 ? formatCount(state.newLines, "new line") : "Newest"}
        </Button>
      )}
    </div>
  );
}

function useFolds() {
  const [folds, setFolds] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setFolds((current) => {
      const next = new Set(current);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return { folds, toggle };
}

/** The window changes in place; its version says when. */
function useRows(view: LogView, version: number, folds: ReadonlySet<string>): readonly Row[] {
  return useMemo(() => (version < 0 ? [] : foldRows(view.window.lines, (id) => folds.has(id))), [view, version, folds]);
}

function distanceToEnd(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

/** Index of the row of a line, or of the last one before it when it is folded away. */
function findRow(rows: readonly Row[], line: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((rows[middle]?.index ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  return low;
}
