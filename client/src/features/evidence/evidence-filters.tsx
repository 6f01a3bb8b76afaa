import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { callerWords, codeChoices, outcomeWords } from "../../lib/gateway-words.ts";
import { useSearchState, type SearchState } from "../../lib/search-state.ts";
import { IconFilter, IconX } from "../../ui/icons.gen.ts";
import { SearchField } from "../../ui/search-field.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { addressNames, periods } from "./evidence-words.ts";
import classes from "./evidence.module.css";

/** Those that a phone shows when they are asked for. */
const callFilterNames = ["connector", "operation", "caller", "outcome", "code"];

type Change = (patch: Record<string, string | null>) => void;

/** What narrows the list; all of it stands in the address. */
export function EvidenceFilters({ isTimeOnly }: { isTimeOnly: boolean }) {
  const [search, setSearch] = useSearchState();
  const [isOpen, setIsOpen] = useState(callFilterNames.some((name) => search[name] !== undefined));
  const isFiltered = addressNames.some((name) => search[name] !== undefined);
  const clear = (): void => {
    setSearch(Object.fromEntries(addressNames.map((name) => [name, null])));
  };
  return (
    <Toolbar label="Filters">
      {isTimeOnly ? null : (
        <SearchField
          className={classes["search"]}
          label="Search the evidence"
          placeholder="Search arguments, addresses, messages"
          value={search["text"]}
          onChange={(text) => {
            setSearch({ text });
          }}
        />
      )}
      <TimeFilter search={search} onChange={setSearch} />
      {isTimeOnly ? null : (
        <>
          <Button
            className={classes["toggle"] ?? ""}
            leftSection={<IconFilter size={14} />}
            aria-expanded={isOpen}
            onClick={() => {
              setIsOpen(!isOpen);
            }}
          >
            More filters
          </Button>
          <CallFilters search={search} isOpen={isOpen} onChange={setSearch} />
          <OnlyFilters search={search} onChange={setSearch} />
        </>
      )}
      {isFiltered ? (
        <Button variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={clear}>
          Clear
        </Button>
      ) : null}
    </Toolbar>
  );
}

function TimeFilter({ search, onChange }: { search: SearchState; onChange: Change }) {
  const isOwn = search["from"] !== undefined || search["to"] !== undefined;
  return (
    <>
      <Select
        className={classes["select"] ?? ""}
        aria-label="Time"
        placeholder="Any time"
        clearable
        data={[...periods.map(({ value, label }) => ({ value, label })), { value: "own", label: "From … to …" }]}
        value={isOwn ? "own" : (search["period"] ?? null)}
        onChange={(value) => {
          const isChosen = value === "own";
          const start = isChosen ? localTime(Date.now() - 86_400_000) : null;
          onChange({ period: isChosen ? null : value, from: start, to: null });
        }}
      />
      {isOwn
        ? (["from", "to"] as const).map((name) => (
            <TextInput
              key={name}
              type="datetime-local"
              aria-label={name === "from" ? "From" : "To"}
              value={search[name] ?? ""}
              onChange={(event) => {
                onChange({ [name]: event.currentTarget.value === "" ? null : event.currentTarget.value });
              }}
            />
          ))
        : null}
    </>
  );
}

/** As a field for local time holds it. */
function localTime(timeMs: number): string {
  const offsetMs = new Date(timeMs).getTimezoneOffset() * 60_000;
  return new Date(timeMs - offsetMs).toISOString().slice(0, 16);
}

interface CallFiltersProps {
  search: SearchState;
  /** On a phone they are out of the way until they are wanted. */
  isOpen: boolean;
  onChange: Change;
}

function CallFilters({ search, isOpen, onChange }: CallFiltersProps) {
  const connectors = useQuery(callQuery("connectors.list", undefined, { isKept: true })).data ?? [];
  const chosen = connectors.find(({ id }) => id === search["connector"]);
  const select = (
    name: string,
    label: string,
    placeholder: string,
    data: readonly { value: string; label: string }[],
    also: Record<string, null> = {},
  ) => (
    <Select
      className={`${classes["select"] ?? ""} ${isOpen ? "" : (classes["rest"] ?? "")}`}
      aria-label={label}
      placeholder={placeholder}
      clearable
      data={[...data]}
      value={search[name] ?? null}
      onChange={(value) => {
        onChange({ [name]: value, ...also });
      }}
    />
  );
  const callers = Object.entries(callerWords).map(([value, label]) => ({ value, label }));
  return (
    <>
      {select(
        "connector",
        "Connector",
        "All connectors",
        connectors.map(({ id, title }) => ({ value: id, label: title })),
        { operation: null },
      )}
      {chosen === undefined
        ? null
        : select(
            "operation",
            "Operation",
            "All operations",
            chosen.operations.map(({ name, title }) => ({ value: name, label: title })),
          )}
      {select("caller", "Caller", "Anybody", callers)}
      {select("outcome", "Outcome", "Any outcome", outcomeWords)}
      {select("code", "Reason", "Any reason", codeChoices)}
    </>
  );
}

const only = { callerId: "Caller", deliveryId: "Delivery", correlationId: "Correlation" } as const;

/** What a link has narrowed the list to. */
function OnlyFilters({ search, onChange }: { search: SearchState; onChange: Change }) {
  return Object.entries(only).map(([name, label]) =>
    search[name] === undefined ? null : (
      <Button
        key={name}
        className={classes["only"] ?? ""}
        rightSection={<IconX size={14} />}
        aria-label={`${label} ${search[name]}: show more than that`}
        onClick={() => {
          onChange({ [name]: null });
        }}
      >
        {`${label} ${search[name]}`}
      </Button>
    ),
  );
}
