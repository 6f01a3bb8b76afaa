import { Button } from "@mantine/core";
import { useLayoutEffect, useRef, useState, type ReactNode } from "react";

import { formatCount } from "../../lib/format.ts";
import { IconArrowDown } from "../../ui/icons.gen.ts";
import { layOut, rowAt, rowsInSight } from "../../ui/row-layout.ts";
import { useRowHeights } from "../../ui/use-row-heights.ts";
import classes from "./transcript-list.module.css";
import type { TranscriptRow } from "./transcript-rows.ts";

interface TranscriptListProps {
  rows: readonly TranscriptRow[];
  label: string;
  /** Row to bring into view; a new object brings it there again. */
  target: { readonly index: number } | null;
  renderRow: (row: TranscriptRow, index: number) => ReactNode;
}

/** What is being read: so many pixels below the top of a row. */
interface Place {
  readonly index: number;
  readonly delta: number;
}

const guessedHeight = 72;
const atEndWithin = 32;
const marginPixels = 600;
const targetFromTop = 80;
/** Rows leave the page so many at a time, not one for each that comes. */
const leaveTogether = 8;
/** An icon that moves is drawn sixty times a second, each for itself: only the newest calls show that way that they go on. */
const movingRows = 3;

/** A transcript, of which only what is in sight is in the page. Stays at the end while the reader does. */
export function TranscriptList({ rows, label, target, renderRow }: TranscriptListProps) {
  const lastTop = useRef(0);
  const lastPlaceTop = useRef(0);
  const shownTarget = useRef<object | null>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [place, setPlace] = useState<Place>({ index: 0, delta: 0 });
  const [leftAt, setLeftAt] = useState(0);
  const heights = useRowHeights(guessedHeight, false, stayAtEnd);
  const { scroller, observeScroller, observe } = heights;
  const starts = layOut(rows.length, heights.heightOf);
  const total = starts.at(-1) ?? 0;
  const placeTop = (starts[Math.min(place.index, rows.length)] ?? 0) + place.delta;
  const top = isFollowing ? total - heights.viewHeight : placeTop;
  const inSight = rowsInSight(starts, Math.max(0, top), heights.viewHeight, marginPixels);
  const first = inSight.first - (inSight.first % leaveTogether);
  const { last } = inSight;

  // After every paint: the end stays in sight, or what is being read stays where it is.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (target !== null && shownTarget.current !== target) {
      shownTarget.current = target;
      readAt({ index: target.index, delta: -targetFromTop });
      lastPlaceTop.current = (starts[target.index] ?? 0) - targetFromTop;
      element.scrollTo({ top: lastPlaceTop.current });
      lastTop.current = element.scrollTop;
    } else if (isFollowing) {
      stayAtEnd(element);
    } else {
      const shift = placeTop - lastPlaceTop.current;
      lastPlaceTop.current = placeTop;
      if (Math.abs(shift) <= 0.5) return;
      element.scrollTo({ top: element.scrollTop + shift });
      lastTop.current += shift; // how far the reader has gone meanwhile is seen when the page hears of it
    }
  });

  /** The reader has scrolled up, were it by a little; content that has become shorter moves it as well, but not off the end. */
  function hasLeftEnd(element: HTMLElement): boolean {
    return element.scrollTop < lastTop.current - 1 && distanceToEnd(element) > 1;
  }

  /** Whether that is all there is to do when rows change their height. */
  function stayAtEnd(element: HTMLElement): boolean {
    if (!isFollowing) return false;
    if (hasLeftEnd(element)) return true; // the page hears of it in a moment
    element.scrollTo({ top: element.scrollHeight });
    lastTop.current = element.scrollTop;
    return true;
  }

  function readAt(at: Place): void {
    setPlace(at);
    if (isFollowing) leaveEnd();
  }

  function leaveEnd(): void {
    setLeftAt(rows.length);
    setFollowing(false);
  }

  function handleScroll(): void {
    const element = scroller.current;
    if (!element) return;
    const movedBy = element.scrollTop - lastTop.current;
    // Browsers move smoothly: whoever has only begun to go up must not be pulled back by what comes meanwhile.
    if (isFollowing && !hasLeftEnd(element)) return;
    lastTop.current = element.scrollTop;
    lastPlaceTop.current = element.scrollTop;
    const index = Math.max(0, rowAt(starts, element.scrollTop));
    setPlace({ index, delta: element.scrollTop - (starts[index] ?? 0) });
    if (isFollowing) leaveEnd();
    else if (movedBy > 0 && distanceToEnd(element) < atEndWithin) setFollowing(true);
  }

  return (
    <div className={classes["frame"]}>
      <div
        ref={observeScroller}
        className={classes["scroller"]}
        onScroll={handleScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={label}
      >
        <div style={{ paddingTop: starts[first] ?? 0, paddingBottom: total - (starts[last] ?? 0) }}>
          {rows.slice(first, last).map((row, offset) => (
            <div
              key={row.key}
              data-number={first + offset}
              data-moving={first + offset >= rows.length - movingRows || undefined}
              ref={observe}
              className={classes["row"]}
            >
              {renderRow(row, first + offset)}
            </div>
          ))}
        </div>
      </div>
      {isFollowing ? null : (
        <Button
          className={classes["jump"] ?? ""}
          leftSection={<IconArrowDown size={14} />}
          variant="filled"
          onClick={() => {
            setFollowing(true);
          }}
        >
          {rows.length > leftAt ? formatCount(rows.length - leftAt, "new part") : "Newest"}
        </Button>
      )}
    </div>
  );
}

function distanceToEnd(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}
