import { ActionIcon, TextInput } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";

import { errorMessage } from "../../lib/api-error.ts";
import { IconChevronDown, IconChevronUp, IconSearch } from "../../ui/icons.gen.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import classes from "./run-transcript.module.css";
import { TranscriptList } from "./transcript-list.tsx";
import { TranscriptRowView } from "./transcript-row-view.tsx";
import { findRows, type TranscriptRow } from "./transcript-rows.ts";
import { useTranscript } from "./use-transcript.ts";

interface RunTranscriptProps {
  id: string;
  label: string;
  /** Folder it works in: what lies there is told without it. */
  folder?: string;
  /** Shows the field to search in it. */
  isSearchable?: boolean;
}

/** The live transcript of one run. */
export function RunTranscript({ id, label, folder = "", isSearchable = false }: RunTranscriptProps) {
  const { rows, status, error } = useTranscript(id);
  const { folds, toggle } = useFolds();
  const search = useTranscriptSearch(rows);
  const { query, current } = search;
  const renderRow = useCallback(
    (row: TranscriptRow, index: number) => (
      <TranscriptRowView
        row={row}
        folder={folder}
        query={query}
        isCurrent={current === index}
        isOpen={folds.get(row.key)}
        onToggle={toggle}
      />
    ),
    [folder, query, current, folds, toggle],
  );
  if (status === "failed") return <ErrorState title="This run cannot be read" error={error} />;
  const isEmpty = rows.length === 0;
  return (
    <div className={classes["transcript"]}>
      {isSearchable && !isEmpty ? <SearchField {...search} /> : null}
      {status === "stale" && error !== null ? (
        <div className={classes["note"]}>
          <Notice tone="warn">{`This is what is known so far. ${errorMessage(error)}. It goes on by itself.`}</Notice>
        </div>
      ) : null}
      {isEmpty && status === "loading" ? (
        <div className={classes["note"]}>
          <LoadingState rows={4} rowHeight={64} label="Loading the transcript" />
          {error === null ? null : <Notice tone="warn">{`${errorMessage(error)}. It goes on by itself.`}</Notice>}
        </div>
      ) : (
        <TranscriptList rows={rows} label={label} target={search.target} renderRow={renderRow} />
      )}
    </div>
  );
}

function useFolds() {
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const toggle = useCallback((key: string, isOpen: boolean) => {
    setFolds((current) => new Map(current).set(key, isOpen));
  }, []);
  return { folds, toggle };
}

interface TranscriptSearch {
  query: string;
  found: readonly number[];
  /** Row of the match the reader is at. */
  current: number | null;
  target: { index: number } | null;
  setQuery: (query: string) => void;
  step: (by: 1 | -1) => void;
}

function useTranscriptSearch(rows: readonly TranscriptRow[]): TranscriptSearch {
  const [query, setText] = useState("");
  const [target, setTarget] = useState<{ index: number } | null>(null);
  const found = useMemo(() => findRows(rows, query), [rows, query]);
  const current = target !== null && found.includes(target.index) ? target.index : null;
  return {
    query,
    found,
    current,
    target,
    setQuery: (next) => {
      setText(next);
      const last = findRows(rows, next).at(-1);
      setTarget(last === undefined ? null : { index: last });
    },
    step: (by) => {
      if (found.length === 0) return;
      const at = current === null ? -1 : found.indexOf(current);
      const next = found[(at + by + found.length) % found.length];
      if (next !== undefined) setTarget({ index: next });
    },
  };
}

function SearchField({ query, found, current, setQuery, step }: TranscriptSearch) {
  const place = current === null ? 0 : found.indexOf(current) + 1;
  return (
    <div className={classes["search"]} role="search">
      <TextInput
        className={classes["field"] ?? ""}
        size="xs"
        aria-label="Search in this transcript"
        placeholder="Search in this transcript"
        leftSection={<IconSearch size={14} />}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") step(event.shiftKey ? 1 : -1);
          if (event.key === "Escape") setQuery("");
        }}
      />
      {query.trim() === "" ? null : (
        <>
          <span className={classes["count"]} role="status">
            {found.length === 0 ? "Not found" : `${String(place)} of ${String(found.length)}`}
          </span>
          <ActionIcon
            aria-label="Match before"
            disabled={found.length === 0}
            onClick={() => {
              step(-1);
            }}
          >
            <IconChevronUp size={16} />
          </ActionIcon>
          <ActionIcon
            aria-label="Next match"
            disabled={found.length === 0}
            onClick={() => {
              step(1);
            }}
          >
            <IconChevronDown size={16} />
          </ActionIcon>
        </>
      )}
    </div>
  );
}
