import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconDownload, IconFilter, IconLetterCase, IconRegex, IconSearch } from "../../ui/icons.gen.ts";
import { useState, type ReactNode } from "react";

import type { LogSource } from "../../../../contract/features/logs.ts";
import { url } from "../../lib/api.ts";
import type { MenuItem } from "../../ui/action-menu.tsx";
import { logLevelNames, type LogAddress } from "./log-address.ts";
import type { LogTimes } from "./log-time.ts";
import classes from "./logs-page.module.css";

export interface LogPreferences {
  readonly isWrapped: boolean;
  readonly times: LogTimes;
}

/** Changes what the address says about the view. */
export type ChangeAddress = (change: Record<string, string | null>) => void;

export const timeWords: Record<LogTimes, string> = { local: "local", utc: "UTC", off: "off" };
export const nextTimes: Record<LogTimes, LogTimes> = { local: "utc", utc: "off", off: "local" };

interface AddressProps {
  address: LogAddress;
  onAddress: ChangeAddress;
}

/** The search of the files. */
export function SearchField({ address, onAddress }: AddressProps) {
  const [text, setText] = useState(address.query);
  return (
    <form
      className={classes["search"]}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onAddress({ q: text === "" ? null : text });
      }}
    >
      <TextInput
        className={classes["field"] ?? ""}
        size="xs"
        type="search"
        placeholder="Search all lines, rotated files too"
        aria-label="Search the logs"
        leftSection={<IconSearch size={14} />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value === "" && address.query !== "") onAddress({ q: null, at: null });
        }}
      />
      <span className="desktop-only">
        <SearchFlags address={address} onAddress={onAddress} />
      </span>
    </form>
  );
}

/** How the search reads what was typed. */
export function SearchFlags({ address, onAddress }: AddressProps) {
  const flag = (name: string, isOn: boolean): void => {
    onAddress({ [name]: isOn ? "1" : null });
  };
  return (
    <>
      <Toggle
        label="Match case"
        icon={<IconLetterCase size={16} />}
        isOn={address.isCaseSensitive}
        onChange={(isOn) => {
          flag("case", isOn);
        }}
      />
      <Toggle
        label="Regular expression"
        icon={<IconRegex size={16} />}
        isOn={address.isRegex}
        onChange={(isOn) => {
          flag("regex", isOn);
        }}
      />
      <Toggle
        label="Show matching lines only"
        icon={<IconFilter size={16} />}
        isOn={address.isOnlyMatches}
        onChange={(isOn) => {
          flag("only", isOn);
        }}
      />
    </>
  );
}

/** Which levels are shown; none pressed means all. */
export function LevelChips({ address, onAddress }: AddressProps) {
  const { levels } = address;
  return (
    <div className={classes["levels"]} role="group" aria-label="Levels shown">
      {logLevelNames.map((level) => {
        const isOn = levels.includes(level);
        return (
          <button
            key={level}
            type="button"
            className={classes["chip"]}
            data-level={level}
            aria-pressed={isOn}
            onClick={() => {
              const next = isOn ? levels.filter((other) => other !== level) : [...levels, level];
              onAddress({ levels: next.length === 0 ? null : next.join(","), at: null });
            }}
          >
            {level}
          </button>
        );
      })}
    </div>
  );
}

/** A switch that is an icon. */
export function Toggle({
  label,
  icon,
  isOn,
  onChange,
}: {
  label: string;
  icon: ReactNode;
  isOn: boolean;
  onChange(isOn: boolean): void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        className={classes["toggle"] ?? ""}
        aria-label={label}
        aria-pressed={isOn}
        variant={isOn ? "light" : "subtle"}
        color={isOn ? "accent" : "gray"}
        onClick={() => {
          onChange(!isOn);
        }}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

const outputWords = { both: "", out: " (output)", err: " (errors)" } as const;

/** The files behind the processes shown, as they are and as plain text. */
export function downloads(sources: readonly LogSource[]): MenuItem[] {
  return sources.flatMap((source) =>
    source.streams.flatMap((stream) => {
      const name = `${source.name}${outputWords[stream.output]}`;
      const query = { source: source.id, stream: stream.id };
      return [
        {
          id: `${stream.id}-plain`,
          label: `${name} as plain text, secrets removed`,
          icon: IconDownload,
          href: url("logs.download", { query: { ...query, format: "plain" } }),
        },
        {
          id: `${stream.id}-raw`,
          label: `${name} exactly as written`,
          icon: IconDownload,
          href: url("logs.download", { query: { ...query, format: "raw" } }),
        },
      ];
    }),
  );
}
