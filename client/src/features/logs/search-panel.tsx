import { ActionIcon, Button, Progress } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconX } from "../../ui/icons.gen.ts";
import { useEffect, useRef } from "react";

import { formatCount } from "../../lib/format.ts";
import { errorMessage } from "../../lib/api-error.ts";
import { LineText, type LineTag } from "./log-row.tsx";
import type { Hit, LogSearch, LogSearchState } from "./log-search.ts";
import { formatLogTime, formatLogDate, type LogTimes } from "./log-time.ts";
import classes from "./search-panel.module.css";

interface SearchPanelProps {
  search: LogSearch;
  state: LogSearchState;
  /** Line shown now. */
  current: string | null;
  times: LogTimes;
  isDark: boolean;
  tags: ReadonlyMap<string, LineTag>;
  onOpen(hit: Hit): void;
  onClose(): void;
}

/** What was found, newest first; opening a line shows it where it stands. */
export function SearchPanel({ search, state, current, onOpen, onClose, ...look }: SearchPanelProps) {
  const { hits, status } = state;
  const index = hits.findIndex(({ id }) => id === current);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const shown = current === null ? null : list.current?.querySelector(`[data-hit="${CSS.escape(current)}"]`);
    shown?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const step = (by: number): void => {
    const next = hits[Math.min(hits.length - 1, Math.max(0, index < 0 ? 0 : index + by))];
    if (next) onOpen(next);
  };
  return (
    <aside className={classes["panel"]} aria-label="Search results">
      <header className={classes["head"]}>
        <p className={classes["summary"]} role="status">
          {summaryOf(state, index)}
        </p>
        <ActionIcon
          aria-label="Newer match"
          disabled={hits.length === 0}
          onClick={() => {
            step(-1);
          }}
        >
          <IconChevronDown size={16} />
        </ActionIcon>
        <ActionIcon
          aria-label="Older match"
          disabled={hits.length === 0}
          onClick={() => {
            step(1);
          }}
        >
          <IconChevronUp size={16} />
        </ActionIcon>
        <ActionIcon aria-label="Close the search" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      {status === "running" ? (
        <div className={classes["progress"]}>
          <Progress value={state.progress * 100} size="xs" aria-label="Part of the log files searched" />
          <Button
            size="compact-xs"
            onClick={() => {
              search.stop();
            }}
          >
            Stop
          </Button>
        </div>
      ) : null}
      {state.error === null ? null : <p className={classes["problem"]}>{errorMessage(state.error)}</p>}
      {state.problems.map((problem) => (
        <p key={problem} className={classes["problem"]}>
          Not searched: {problem}
        </p>
      ))}
      <ol ref={list} role="list" className={classes["hits"]}>
        {hits.map((hit) => (
          <li key={hit.id}>
            <button
              type="button"
              className={classes["hit"]}
              data-hit={hit.id}
              aria-current={hit.id === current}
              onClick={() => {
                onOpen(hit);
              }}
            >
              <HitText hit={hit} {...look} />
            </button>
          </li>
        ))}
      </ol>
      {state.hasMore && status !== "running" ? (
        <Button className={classes["more"] ?? ""} onClick={() => void search.run()}>
          Search older lines
        </Button>
      ) : null}
    </aside>
  );
}

function HitText({ hit, times, isDark, tags }: { hit: Hit } & Pick<SearchPanelProps, "times" | "isDark" | "tags">) {
  const tag = tags.get(hit.stream);
  const [from = 0] = hit.ranges[0] ?? [];
  // The match must be in sight: a long line is shown from a little before it.
  const isLate = from > 60 && !hit.text.includes("\u001b");
  const text = isLate ? `…${hit.text.slice(from - 30, from + 300)}` : hit.text.slice(0, 2_000);
  const shift = isLate ? 30 - from + 1 : 0;
  const ranges = hit.ranges.map(([start, end]) => [start + shift, end + shift] as const);
  const highlight = { text: "", isCaseSensitive: false, ranges: new Map([[hit.id, ranges]]) };
  return (
    <>
      <span className={classes["meta"]}>
        {hit.time === null || times === "off" ? null : (
          <time title={formatLogDate(hit.time, times)}>{formatLogTime(hit.time, times)}</time>
        )}
        {tag === undefined ? null : <span>{tag.label}</span>}
        {hit.level === "other" ? null : <span>{hit.level}</span>}
      </span>
      <span className={classes["text"]}>
        <LineText line={{ id: hit.id, text }} isDark={isDark} highlight={highlight} />
      </span>
    </>
  );
}

function summaryOf({ hits, status, hasMore, progress }: LogSearchState, index: number): string {
  const count = `${formatCount(hits.length, "match", "matches")}${hasMore ? " so far" : ""}`;
  if (status === "running") return `${count}, ${String(Math.floor(progress * 100))} % searched`;
  if (status === "failed") return "The search failed";
  if (hits.length === 0) return hasMore ? "No match so far" : "No match in any log file";
  return index < 0 ? count : `${String(index + 1)} of ${count}`;
}
