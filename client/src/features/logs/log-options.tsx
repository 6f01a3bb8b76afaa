import { SegmentedControl, Switch } from "@mantine/core";
import { IconDownload } from "../../ui/icons.gen.ts";
import { useId, type ReactNode } from "react";

import { downloads, LevelChips, timeWords } from "./log-controls.tsx";
import type { LogTimes } from "./log-time.ts";
import type { LogToolbarProps } from "./log-toolbar.tsx";
import classes from "./log-options.module.css";

const timeChoices = (["local", "utc", "off"] as const satisfies readonly LogTimes[]).map((value) => ({
  value,
  label: timeWords[value],
}));

/** Everything about the view that has no place in a phone's toolbar, each with its words. */
export function LogOptions(props: LogToolbarProps) {
  const { address, onAddress, preferences, onPreferences, sources } = props;
  const flag = (name: string, isOn: boolean): void => {
    onAddress({ [name]: isOn ? "1" : null });
  };
  const files = downloads(sources);
  return (
    <div className={classes["options"]}>
      <div className={classes["process"]}>{props.controls}</div>
      <Group title="Levels">
        <LevelChips address={address} onAddress={onAddress} />
      </Group>
      <Group title="Search">
        <Line label="Match case" isOn={address.isCaseSensitive} onChange={(isOn) => flag("case", isOn)} />
        <Line label="Regular expression" isOn={address.isRegex} onChange={(isOn) => flag("regex", isOn)} />
        <Line label="Show matching lines only" isOn={address.isOnlyMatches} onChange={(isOn) => flag("only", isOn)} />
      </Group>
      <Group title="Look">
        <Line
          label="Wrap long lines"
          isOn={preferences.isWrapped}
          onChange={(isWrapped) => {
            onPreferences({ ...preferences, isWrapped });
          }}
        />
        <div className={classes["line"]}>
          <span>Times</span>
          <SegmentedControl
            aria-label="Times"
            className={classes["times"] ?? ""}
            data={timeChoices}
            value={preferences.times}
            onChange={(times) => {
              onPreferences({ ...preferences, times });
            }}
          />
        </div>
      </Group>
      {files.length === 0 ? null : (
        <Group title="Download">
          {files.map(({ id, label, href }) => (
            <a key={id} href={href} className={classes["file"]}>
              <IconDownload size={16} aria-hidden="true" />
              <span>{label}</span>
            </a>
          ))}
        </Group>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className={classes["heading"]}>{title}</h3>
      {children}
    </section>
  );
}

function Line({ label, isOn, onChange }: { label: string; isOn: boolean; onChange(isOn: boolean): void }) {
  const id = useId();
  return (
    <div className={classes["line"]}>
      <label htmlFor={id} className={classes["label"]}>
        {label}
      </label>
      <Switch
        id={id}
        aria-label={label}
        checked={isOn}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
    </div>
  );
}
