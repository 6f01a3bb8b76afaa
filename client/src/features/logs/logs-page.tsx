import { Button, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconFileText, IconListSearch } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { LogSource } from "../../../../contract/features/logs.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { joinNames, readAddress } from "./log-address.ts";
import type { LogPreferences } from "./log-controls.tsx";
import { LogsView } from "./logs-view.tsx";
import { NoConnection } from "./no-connection.tsx";
import { ProcessPicker } from "./process-picker.tsx";
import { useCutOff } from "./use-cut-off.ts";
import classes from "./logs-page.module.css";

/** Logs of one or several processes: live, with everything their files hold. What is shown lives in the address. */
export function LogsPage() {
  const [search, setSearch] = useSearchState();
  const sources = useQuery({ ...callQuery("logs.sources", undefined, { isKept: true }), refetchInterval: 10_000 });
  const [preferences, setPreferences] = usePreference<LogPreferences>("logs.look", {
    isWrapped: false,
    times: "local",
  });
  const isCutOff = useCutOff();
  const [isPicking, setPicking] = useState(false);
  const isDark = useComputedColorScheme("dark") === "dark";
  const known = sources.data ?? [];
  const named = readAddress(search);
  // A link to an app means all of its processes.
  const ofApp = known.filter(({ namespace }) => namespace === `app:${search["app"] ?? ""}`).map(({ id }) => id);
  const address = named.sources.length === 0 ? { ...named, sources: ofApp } : named;
  const likeliest =
    known.find(({ namespace, kind }) => namespace.startsWith("app:") && kind === "process") ??
    known.find(({ name }) => name === "portos-server");

  const pick = (selected: string[]): void => {
    setSearch({ process: joinNames(selected), app: null, at: null }, { push: true });
    setPicking(false);
  };
  const picker = <ProcessPicker sources={known} selected={address.sources} onChange={pick} />;
  return (
    <Page title="Logs" layout="full">
      <div className={classes["shell"]}>
        {known.length === 0 ? null : <aside className={`${classes["side"] ?? ""} desktop-only`}>{picker}</aside>}
        <section className={classes["main"]} aria-label="Log view">
          {sources.data === undefined && isCutOff ? (
            <div className={classes["state"]}>
              <NoConnection />
            </div>
          ) : sources.data === undefined && sources.error !== null ? (
            <div className={classes["state"]}>
              <ErrorState
                title="Could not list the logs"
                error={sources.error}
                onRetry={() => void sources.refetch()}
              />
            </div>
          ) : sources.data === undefined ? (
            <div className={classes["state"]}>
              <LoadingState rows={12} rowHeight={20} label="Loading the logs" />
            </div>
          ) : known.length === 0 ? (
            <NoLogs />
          ) : address.sources.length === 0 ? (
            <NothingPicked
              onPick={() => {
                setPicking(true);
              }}
              likeliest={likeliest}
              onFollow={({ id }) => {
                pick([id]);
              }}
            />
          ) : (
            <LogsView
              address={address}
              onAddress={setSearch}
              sources={known}
              preferences={preferences}
              onPreferences={setPreferences}
              isDark={isDark}
              onPick={() => {
                setPicking(true);
              }}
            />
          )}
        </section>
      </div>
      <SideSheet
        title="Processes"
        isOpen={isPicking}
        onClose={() => {
          setPicking(false);
        }}
      >
        {picker}
      </SideSheet>
    </Page>
  );
}

function NoLogs() {
  return (
    <div className={classes["state"]}>
      <EmptyState
        icon={IconFileText}
        title="No logs yet"
        text="Everything your apps print is kept here: live, coloured, and searchable back to the first line."
        action={<ActionLink to="/apps">Add an app</ActionLink>}
      />
    </div>
  );
}

interface NothingPickedProps {
  /** What one most probably wants to read. */
  likeliest: LogSource | undefined;
  onPick(): void;
  onFollow(source: LogSource): void;
}

function NothingPicked({ likeliest, onPick, onFollow }: NothingPickedProps) {
  return (
    <div className={classes["state"]}>
      <EmptyState
        icon={IconListSearch}
        title="Choose what to read"
        text="Pick a process to follow it live. Tick several to read them together, in the order things happened."
        action={
          <Button variant="filled" className="phone-only" onClick={onPick}>
            Choose a process
          </Button>
        }
        example={
          likeliest === undefined ? undefined : (
            <Button
              onClick={() => {
                onFollow(likeliest);
              }}
            >
              Follow {likeliest.name}
            </Button>
          )
        }
      />
    </div>
  );
}
