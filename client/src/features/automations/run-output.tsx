import { useComputedColorScheme } from "@mantine/core";
import { memo, useEffect, useRef, useState } from "react";

import { call } from "../../lib/api.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { AnsiText } from "../../ui/ansi-text.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import classes from "./automations.module.css";
import { appendOutput, emptyOutput, outputParts, type ShownOutput } from "./output-text.ts";

const askEveryMs = 1_500;
/** A bottom this near counts as the bottom: then new lines are followed. */
const nearPx = 24;

/** The output of a run: what is there, then what comes, followed as long as one looks at its end. */
export function RunOutput({ id, isOpen }: { id: string; isOpen: boolean }) {
  const [output, setOutput] = useState<ShownOutput>(emptyOutput);
  const [error, setError] = useState<unknown>(null);
  const isDark = useComputedColorScheme("dark") === "dark";
  const read = useRef<() => void>(() => undefined);
  const frame = useRef<HTMLPreElement>(null);
  const isFollowing = useRef(true);

  useEffect(() => {
    let from = 0;
    let isReading = false;
    const stop = new AbortController();
    const isOver = (): boolean => stop.signal.aborted;
    const next = async (): Promise<void> => {
      if (isReading || isOver()) return;
      isReading = true;
      try {
        for (let isMore = true; isMore;) {
          const part = await call("automations.output", { params: { id }, query: { from } }, { signal: stop.signal });
          isMore = part.next > from && part.next < part.size;
          from = part.next;
          setOutput((current) => appendOutput(current, part));
          if (part.isComplete) stop.abort();
        }
        setError(null);
      } catch (failure) {
        if (!isOver()) setError(failure);
      } finally {
        isReading = false;
      }
    };
    read.current = () => void next();
    void next();
    const timer = setInterval(() => void next(), askEveryMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [id]);

  useFeed(
    "automations",
    {
      onSnapshot: () => {
        read.current();
      },
      onEvent: (event) => {
        if (event.kind === "output" && event.id === id) read.current();
        if (event.kind === "occurrence" && event.occurrence.id === id) read.current();
      },
    },
    !output.isComplete,
  );

  const length = output.text.length;
  useEffect(() => {
    if (isFollowing.current && length > 0) frame.current?.scrollTo({ top: frame.current.scrollHeight });
  }, [length]);

  if (error !== null && output.text === "")
    return <ErrorState title="Could not read the output" error={error} isCompact />;
  return (
    <pre
      ref={frame}
      className={classes["output"]}
      tabIndex={0}
      aria-label="Output of the run"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isFollowing.current = scrollHeight - scrollTop - clientHeight < nearPx;
      }}
    >
      {output.isCut ? "… the beginning is in the download …\n" : null}
      {outputParts(output.text).map(({ text, isPlain }, index) =>
        isPlain ? text : <StyledLine key={index} text={text} isDark={isDark} />,
      )}
      {isOpen && output.text === "" ? "Nothing printed yet" : null}
    </pre>
  );
}

/** A line with its colours; drawn once. */
const StyledLine = memo(AnsiText);
