import { ActionIcon, Button } from "@mantine/core";
import { IconDots, IconDownload, IconPlayerPause, IconPlayerPlay, IconTextWrap } from "../../ui/icons.gen.ts";
import { useState, type ReactNode } from "react";

import type { LogSource } from "../../../../contract/features/logs.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import type { LogAddress } from "./log-address.ts";
import {
  downloads,
  LevelChips,
  nextTimes,
  SearchField,
  timeWords,
  Toggle,
  type ChangeAddress,
  type LogPreferences,
} from "./log-controls.tsx";
import { LogOptions } from "./log-options.tsx";
import classes from "./logs-page.module.css";

export interface LogToolbarProps {
  address: LogAddress;
  onAddress: ChangeAddress;
  preferences: LogPreferences;
  onPreferences(preferences: LogPreferences): void;
  sources: readonly LogSource[];
  isPaused: boolean;
  canPause: boolean;
  onPause(isPaused: boolean): void;
  /** The processes shown. */
  title: ReactNode;
  /** State of the process shown, and what can be done with it. */
  controls: ReactNode;
}

/** Search, levels, pause and looks of the log view. A phone has two rows of it; the rest is in a sheet. */
export function LogToolbar(props: LogToolbarProps) {
  const { address, onAddress, isPaused } = props;
  const [isOpen, setOpen] = useState(false);
  const isChanged = address.levels.length > 0 || address.isRegex || address.isCaseSensitive || address.isOnlyMatches;
  return (
    <div className={classes["toolbar"]}>
      <div className={classes["bar"]}>
        {props.title}
        <span className={`${classes["group"] ?? ""} desktop-only`}>{props.controls}</span>
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
        <ActionIcon
          className={`${classes["toggle"] ?? ""} phone-only`}
          aria-label={isChanged ? "More: some lines are left out or matched in a special way" : "More"}
          variant={isChanged ? "light" : "subtle"}
          color={isChanged ? "accent" : "gray"}
          onClick={() => {
            setOpen(true);
          }}
        >
          <IconDots size={20} />
        </ActionIcon>
        <span className={`${classes["group"] ?? ""} desktop-only`}>
          <Looks {...props} />
        </span>
      </div>
      <div className={classes["bar"]}>
        <SearchField key={address.query} address={address} onAddress={onAddress} />
        <span className={`${classes["group"] ?? ""} ${classes["end"] ?? ""} desktop-only`}>
          <LevelChips address={address} onAddress={onAddress} />
        </span>
      </div>
      <SideSheet
        title="Log view"
        isOpen={isOpen}
        onClose={() => {
          setOpen(false);
        }}
      >
        <LogOptions {...props} />
      </SideSheet>
    </div>
  );
}

/** How lines are shown, and the way to their files. */
function Looks({ preferences, onPreferences, sources }: LogToolbarProps) {
  return (
    <>
      <Button
        aria-label={`Times ${timeWords[preferences.times]}`}
        onClick={() => {
          onPreferences({ ...preferences, times: nextTimes[preferences.times] });
        }}
      >
        Times {timeWords[preferences.times]}
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
        items={downloads(sources)}
        isDisabled={sources.length === 0}
      />
    </>
  );
}
