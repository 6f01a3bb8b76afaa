import { ActionIcon, Button, TextInput, Tooltip } from "@mantine/core";
import {
  IconDownload,
  IconFilter,
  IconLetterCase,
  IconPlayerPause,
  IconPlayerPlay,
  IconRegex,
  IconSearch,
  IconTextWrap,
} from "../../ui/icons.gen.ts";
import { useState, type ReactNode } from "react";

import type { LogLevelName, LogSource } from "../../../../contract/features/logs.ts";
import { url } from "../../lib/api.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { logLevelNames, type LogAddress } from "./log-address.ts";
import type { LogTimes } from "./log-time.ts";
import classes from "./logs-page.module.css";

export interface LogPreferences {
  readonly isWrapped: boolean;
  readonly times: LogTimes;
}

interface LogToolbarProps {
  address: LogAddress;
  onAddress(change: Record<string, string | null>): void;
  preferences: LogPreferences;
  onPreferences(preferences: LogPreferences): void;
  sources: readonly LogSource[];
  isPaused: boolean;
  canPause: boolean;
  onPause(isPaused: boolean): void;
  /** What stands first: the processes shown and their controls. */
  children: ReactNode;
}

const timeWords: Record<LogTimes, string> = { local: "local", utc: "UTC", off: "off" };
const nextTimes: Record<LogTimes, LogTimes> = { local: "utc", utc: "off", off: "local" };

/** Search, levels, pause and looks of the log view. */
export function LogToolbar(props: LogToolbarProps) {
  const { address, onAddress, preferences, onPreferences, isPaused } = props;
  return (
    <div className={classes["toolbar"]}>
      <div className={classes["bar"]}>
        {props.children}
        <span className={classes["spacer"]} />
        <Button
          leftSection={isPaused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
          disabled={!props.canPause}
          aria-label={isPaused ? "Resume" : "Pause"}
          onClick={() => {
            props.onPause(!isPaused);
          }}
        >
          <span className={classes["wide"]}>{isPaused ? "Resume" : "Pause"}</span>
        </Button>
        <Button
          aria-label={`Times ${timeWords[preferences.times]}`}
          onClick={() => {
            onPreferences({ ...preferences, times: nextTimes[preferences.times] });
          }}
        >
          <span className={classes["wide"]}>Times&nbsp;</span>
          {timeWords[preferences.times]}
        </Button>
        <Toggle
          label="Wrap long lines"
          icon={<IconTextWrap size={16} />}
          isOn={preferences.isWrapped}
          onChange={(isWrapped) => {
            onPreferences({ ...preferences, isWrapped });
          }}
        />
        <ActionMenu
          label="Download"
          className={classes["menu"]}
          trigger={
            <>
              <IconDownload size={16} aria-hidden="true" />
              <span className="visually-hidden">Download</span>
            </>
          }
          items={downloads(props.sources)}
          isDisabled={props.sources.length === 0}
        />
      </div>
      <div className={classes["bar"]}>
        <SearchField key={address.query} address={address} onAddress={onAddress} />
        <LevelChips
          levels={address.levels}
          onChange={(levels) => {
            onAddress({ levels: levels.length === 0 ? null : levels.join(","), at: null });
          }}
        />
      </div>
    </div>
  );
}

function SearchField({ address, onAddress }: Pick<LogToolbarProps, "address" | "onAddress">) {
  const [text, setText] = useState(address.query);
  const flag = (name: string, isOn: boolean): void => {
    onAddress({ [name]: isOn ? "1" : null });
  };
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
    </form>
  );
}

function LevelChips({ levels, onChange }: { levels: readonly LogLevelName[]; onChange(levels: LogLevelName[]): void }) {
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
              onChange(isOn ? levels.filter((other) => other !== level) : [...levels, level]);
            }}
          >
            {level}
          </button>
        );
      })}
    </div>
  );
}

function Toggle({
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

function downloads(sources: readonly LogSource[]): MenuItem[] {
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
