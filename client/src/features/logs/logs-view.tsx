import { Button } from "@mantine/core";
import { IconList } from "../../ui/icons.gen.ts";
import { useMemo, useState } from "react";

import type { LogSource } from "../../../../contract/features/logs.ts";
import { errorMessage } from "../../lib/api-error.ts";
import { formatCount } from "../../lib/format.ts";
import { formatClock } from "../../lib/time.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { LineActions } from "./line-actions.tsx";
import { joinNames, searchFilter, viewFilter, type LogAddress } from "./log-address.ts";
import type { LogPreferences } from "./log-controls.tsx";
import { LogList, type LineLook } from "./log-list.tsx";
import type { Highlight, LineTag } from "./log-row.tsx";
import { useLogSearch, type Hit } from "./log-search.ts";
import { LogToolbar } from "./log-toolbar.tsx";
import type { LogView, LogViewState } from "./log-view.ts";
import type { WindowLine } from "./log-window.ts";
import { NoConnection, noConnectionText } from "./no-connection.tsx";
import { ProcessControls } from "./process-controls.tsx";
import { SearchPanel } from "./search-panel.tsx";
import { useCutOff } from "./use-cut-off.ts";
import { useLogView } from "./use-log-view.ts";
import { useSelection } from "./use-selection.ts";
import classes from "./logs-page.module.css";

interface LogsViewProps {
  address: LogAddress;
  onAddress(change: Record<string, string | null>, options?: { push?: boolean }): void;
  sources: readonly LogSource[];
  preferences: LogPreferences;
  onPreferences(preferences: LogPreferences): void;
  isDark: boolean;
  /** Opens the list of processes, on a phone. */
  onPick(): void;
}

/** The chosen processes: controls, lines, search results. */
export function LogsView({ address, onAddress, sources, preferences, onPreferences, isDark, onPick }: LogsViewProps) {
  const opened = useOpenedLine(address);
  const { view, state } = useLogView({ sources: address.sources, filter: viewFilter(address), at: opened.at });
  const { search, state: found } = useLogSearch(address.sources, searchFilter(address));
  const selection = useSelection(view);
  const shown = sources.filter(({ id }) => address.sources.includes(id));
  const tags = useTags(shown);
  const look: LineLook = { ...preferences, isDark, tags, highlight: useHighlight(address, found.hits) };

  const openHit = (hit: Hit): void => {
    if (view.window.indexOf(hit.id) < 0 || address.isOnlyMatches) opened.open(hit.id);
    onAddress({ at: hit.id, only: null });
  };
  const [single] = address.sources.length === 1 ? address.sources : [];
  const title = single === undefined ? formatCount(address.sources.length, "process", "processes") : nameOf(single);
  return (
    <>
      <LogToolbar
        address={address}
        onAddress={onAddress}
        preferences={preferences}
        onPreferences={onPreferences}
        sources={shown}
        isPaused={state.mode === "paused"}
        canPause={state.mode === "live" || state.mode === "paused"}
        onPause={view.setPaused}
        title={
          <>
            <Button className="phone-only" leftSection={<IconList size={14} />} onClick={onPick}>
              {title}
            </Button>
            <h2 className={`${classes["title"] ?? ""} desktop-only`}>{title}</h2>
          </>
        }
        controls={single === undefined ? null : <ProcessControls sourceId={single} />}
      />
      <Trouble state={state} />
      <div className={classes["body"]} data-searching={address.query !== "" || undefined}>
        <Lines view={view} state={state} isFiltered={viewFilter(address) !== null}>
          <LogList
            key={JSON.stringify([address.sources, viewFilter(address), opened.at])}
            view={view}
            state={state}
            look={look}
            target={address.at}
            selection={selection.ids}
            onSelect={selection.select}
            onLoadSkipped={(from) => {
              const at = from.split(":").slice(0, 3).join(":");
              opened.open(at);
              onAddress({ at });
            }}
            onNewest={() => {
              opened.open(null);
              onAddress({ at: null });
              if (opened.at === null) view.showNewest();
            }}
          />
        </Lines>
        {address.query === "" ? null : (
          <SearchPanel
            search={search}
            state={found}
            current={address.at}
            times={preferences.times}
            isDark={isDark}
            tags={tags}
            onOpen={openHit}
            onClose={() => {
              onAddress({ q: null, only: null });
            }}
          />
        )}
        <LineActions
          lines={selection.lines}
          times={preferences.times}
          sourceOf={(stream) => state.streams.find(({ id }) => id === stream)?.sourceId ?? ""}
          linkTo={(line) => lineLink(address, line)}
          onClose={selection.clear}
        />
      </div>
    </>
  );
}

function Lines({
  view,
  state,
  isFiltered,
  children,
}: {
  view: LogView;
  state: LogViewState;
  isFiltered: boolean;
  children: React.ReactNode;
}) {
  const isCutOff = useCutOff();
  if (state.mode === "failed")
    return <ErrorState title="Could not open the logs" error={state.error} onRetry={view.showNewest} />;
  if (state.mode === "loading") {
    return (
      <div className={classes["state"]}>
        {isCutOff ? <NoConnection /> : <LoadingState rows={16} rowHeight={20} label="Loading lines" />}
      </div>
    );
  }
  if (view.window.lines.length > 0) return children;
  return (
    <div className={classes["state"]}>
      <EmptyState
        icon={IconList}
        title={isFiltered ? "No line matches" : "Nothing printed yet"}
        text={
          isFiltered
            ? "No line in the files matches this filter. New ones appear here as they are printed."
            : "Lines appear here the moment the process prints them."
        }
      />
    </div>
  );
}

/** A failure beside lines that are there, and a lost connection. */
function Trouble({ state }: { state: LogViewState }) {
  const isCutOff = useCutOff();
  if (state.mode === "failed") return null;
  if (isCutOff && state.mode === "kept")
    return (
      <p className={classes["note"]} role="status">
        As of {formatClock(state.keptAt ?? 0)}: PortOS does not answer. {noConnectionText}
      </p>
    );
  if (isCutOff && state.mode !== "loading")
    return (
      <p className={classes["note"]} role="status">
        No live connection. What is shown may be old; it continues without a gap when the connection is back.
      </p>
    );
  if (state.error === null) return null;
  return (
    <p className={classes["note"]} role="status">
      {errorMessage(state.error)}
    </p>
  );
}

/** The line the view was opened at. Going to a line that is in memory already opens nothing anew. */
function useOpenedLine({ sources, at }: LogAddress): { at: string | null; open(at: string | null): void } {
  const key = JSON.stringify(sources);
  const [opened, setOpened] = useState({ key, at });
  if (opened.key !== key) {
    setOpened({ key, at });
    return { at, open: () => undefined };
  }
  return {
    at: opened.at,
    open(next) {
      setOpened({ key, at: next });
    },
  };
}

function useTags(shown: readonly LogSource[]): ReadonlyMap<string, LineTag> {
  return useMemo(() => {
    if (shown.length < 2) return new Map<string, LineTag>();
    return new Map(
      shown.flatMap((source, index) =>
        source.streams.map(({ id }) => [id, { label: source.name, hue: index % 8 }] as const),
      ),
    );
  }, [shown]);
}

function useHighlight({ query, isRegex, isCaseSensitive }: LogAddress, hits: readonly Hit[]): Highlight | null {
  return useMemo(() => {
    if (query === "") return null;
    const ranges = new Map(hits.map((hit) => [hit.id, hit.ranges] as const));
    return { text: isRegex ? "" : query, isCaseSensitive, ranges };
  }, [query, isRegex, isCaseSensitive, hits]);
}

function nameOf(sourceId: string): string {
  return sourceId.slice(sourceId.indexOf("/") + 1);
}

function lineLink({ sources }: LogAddress, line: WindowLine): string {
  const query = new URLSearchParams({ process: joinNames(sources), at: line.id });
  return `${location.origin}/logs?${query.toString()}`;
}
