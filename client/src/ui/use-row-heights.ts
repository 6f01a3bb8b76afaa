import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";

/** Heights of rows that were seen, by line number, and the size of the window they are seen through. */
export interface RowHeights {
  readonly heightOf: (number: number) => number;
  /** Changes whenever a height does. */
  readonly version: number;
  /** Height of the scrolling element. */
  readonly viewHeight: number;
  /** The scrolling element, while it is in the page. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** For the `ref` of the scrolling element. */
  readonly observeScroller: Observe<HTMLDivElement>;
  /** For the `ref` of each row. */
  readonly observe: Observe<HTMLElement>;
}

type Observe<E extends HTMLElement> = (element: E | null) => (() => void) | undefined;

const maxRemembered = 50_000;

/**
 * Measures rows as they are shown. With `isFixed` every row has `rowHeight` and none is measured. `onResize` hears when rows
 * in the page or the window they are seen through have got another height, before that is painted; when it answers `true`, nothing is rendered anew because of it.
 */
export function useRowHeights(
  rowHeight: number,
  isFixed: boolean,
  onResize?: (scroller: HTMLElement) => boolean,
): RowHeights {
  const scroller = useRef<HTMLDivElement>(null);
  const [{ version, viewHeight }, setSeen] = useState({ version: 0, viewHeight: 600 });
  const heights = useMemo(
    () => ({ known: new Map<string, number>(), isFixed, listeners: new Set<() => boolean>() }),
    [isFixed],
  );
  useLayoutEffect(() => {
    if (onResize === undefined) return undefined;
    const resized = (): boolean => scroller.current !== null && onResize(scroller.current);
    heights.listeners.add(resized);
    return () => {
      heights.listeners.delete(resized);
    };
  }, [heights, onResize]);

  const observer = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let view: number | null = null;
        let isChanged = false;
        for (const { target, borderBoxSize, contentRect } of entries) {
          const height = borderBoxSize[0]?.blockSize ?? contentRect.height;
          const number = (target as HTMLElement).dataset["number"];
          if (number === undefined) view = height;
          else if (height > 0 && heights.known.get(number) !== height) {
            if (heights.known.size > maxRemembered) heights.known.clear();
            heights.known.set(number, height);
            isChanged = true;
          }
        }
        const isSettled = [...heights.listeners].some((resized) => resized());
        const isRenderNeeded = isChanged && !isSettled;
        // An observer also tells what has the size it had: the same state again renders nothing.
        setSeen((seen) => {
          const height = view ?? seen.viewHeight;
          if (!isRenderNeeded && height === seen.viewHeight) return seen;
          return { version: seen.version + 1, viewHeight: height };
        });
      }),
    [heights],
  );
  useEffect(
    () => () => {
      observer.disconnect();
    },
    [observer],
  );

  const observe = useCallback(
    (element: HTMLElement | null) => {
      if (!element || (isFixed && element.dataset["number"] !== undefined)) return undefined;
      observer.observe(element);
      return () => {
        observer.unobserve(element);
      };
    },
    [observer, isFixed],
  );
  const observeScroller = useCallback(
    (element: HTMLDivElement | null) => {
      scroller.current = element;
      return observe(element);
    },
    [observe],
  );
  const heightOf = useCallback(
    (number: number) => (isFixed ? rowHeight : (heights.known.get(String(number)) ?? rowHeight)),
    [heights, isFixed, rowHeight],
  );
  return { heightOf, version, viewHeight, scroller, observeScroller, observe };
}
