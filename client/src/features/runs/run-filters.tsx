import { Select, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

import type { RunState } from "../../../../contract/features/run-events.ts";
import { useLiveApps, useLiveProviders } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { IconSearch } from "../../ui/icons.gen.ts";
import { Toolbar } from "../../ui/toolbar.tsx";
import classes from "./agents-page.module.css";
import type { RunFilter } from "./run-list.ts";
import { runStatus } from "../../ui/status.ts";

const states: readonly RunState[] = ["waiting", "running", "queued", "succeeded", "failed", "cancelled", "interrupted"];
const typingMs = 250;

/** What of the runs is shown; kept in the address. */
export function RunFilters({ filter }: { filter: RunFilter }) {
  const [, setSearch] = useSearchState();
  const apps = useLiveApps().data ?? [];
  const providers = useLiveProviders().data?.providers ?? [];
  const select = (name: "state" | "provider" | "app", label: string, data: { value: string; label: string }[]) => (
    <Select
      aria-label={label}
      placeholder={label}
      clearable
      searchable={data.length > 8}
      data={data}
      value={filter[name] === "" ? null : filter[name]}
      onChange={(value) => {
        setSearch({ [name]: value });
      }}
    />
  );
  return (
    <Toolbar label="Filters">
      <div className={classes["filters"]}>
        <TextFilter text={filter.text} />
        {select(
          "state",
          "Any state",
          states.map((state) => ({ value: state, label: runStatus(state) })),
        )}
        {providers.length === 0
          ? null
          : select(
              "provider",
              "Any provider",
              providers.map(({ id, name }) => ({ value: id, label: name })),
            )}
        {apps.length === 0
          ? null
          : select(
              "app",
              "Any app",
              apps.map(({ id, name }) => ({ value: id, label: name })),
            )}
      </div>
    </Toolbar>
  );
}

/** Filters once the typing pauses. */
function TextFilter({ text }: { text: string }) {
  const [, setSearch] = useSearchState();
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => {
      setSearch({ text: typed === "" ? null : typed });
    }, typingMs);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, text, setSearch]);
  return (
    <TextInput
      className={classes["text"] ?? ""}
      aria-label="Search the titles"
      placeholder="Search the titles"
      leftSection={<IconSearch size={14} />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
      }}
    />
  );
}
