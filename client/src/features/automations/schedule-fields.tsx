import { NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useState } from "react";

import { allZones, newSchedule, type Schedule, wallText } from "./automation-draft.ts";
import classes from "./automations.module.css";
import { cronInWords, cronToSentence } from "./cron-to-sentence.ts";
import { EventFields } from "./event-fields.tsx";
import { NextRuns } from "./next-runs.tsx";
import { sentenceToCron } from "./sentence-to-cron.ts";

export interface FieldsProps<S extends Schedule = Schedule> {
  schedule: S;
  errors: Readonly<Record<string, string>>;
  onChange: (schedule: Schedule) => void;
}

const examples = [
  "every weekday at 09:30",
  "every 15 minutes",
  "every Monday and Thursday at 08:00",
  "on the 1st of each month at 06:00",
];
const kinds = [
  { value: "cron", label: "By the clock" },
  { value: "interval", label: "Interval" },
  { value: "once", label: "Once" },
  { value: "event", label: "Event" },
];
const units = [
  { value: "1000", label: "seconds" },
  { value: "60000", label: "minutes" },
  { value: "3600000", label: "hours" },
  { value: "86400000", label: "days" },
];

/** When it runs: a sentence or cron, an interval or one time, with the next five runs below; or events. */
export function ScheduleFields({ schedule, errors, onChange }: FieldsProps) {
  return (
    <fieldset className={classes["group"]}>
      <legend>When</legend>
      <SegmentedControl
        aria-label="Kind of schedule"
        fullWidth
        data={kinds}
        value={schedule.kind}
        onChange={(kind) => {
          onChange(newSchedule(kind as Schedule["kind"]));
        }}
      />
      {schedule.kind === "cron" ? <CronFields schedule={schedule} errors={errors} onChange={onChange} /> : null}
      {schedule.kind === "interval" ? <IntervalFields schedule={schedule} errors={errors} onChange={onChange} /> : null}
      {schedule.kind === "once" ? <OnceFields schedule={schedule} errors={errors} onChange={onChange} /> : null}
      {schedule.kind === "event" ? (
        <EventFields schedule={schedule} errors={errors} onChange={onChange} />
      ) : (
        <div>
          <p className={classes["sub"]}>Next runs</p>
          <NextRuns schedule={schedule} />
        </div>
      )}
    </fieldset>
  );
}

function CronFields({ schedule, errors, onChange }: FieldsProps<Extract<Schedule, { kind: "cron" }>>) {
  const [sentence, setSentence] = useState(() => cronToSentence(schedule.expression) ?? "");
  const [reason, setReason] = useState<string | null>(null);
  const say = (text: string): void => {
    setSentence(text);
    const result = sentenceToCron(text);
    setReason(result.ok ? null : result.reason);
    if (result.ok) onChange({ ...schedule, expression: result.expression });
  };
  return (
    <>
      <TextInput
        label="In words"
        placeholder="every weekday at 09:30"
        value={sentence}
        error={reason}
        onChange={(event) => {
          say(event.currentTarget.value);
        }}
      />
      <div className={classes["chips"]} role="group" aria-label="Examples">
        {examples.map((example) => (
          <button
            key={example}
            type="button"
            className={classes["chip"]}
            onClick={() => {
              say(example);
            }}
          >
            {example}
          </button>
        ))}
      </div>
      <div className={classes["pair"]}>
        <TextInput
          label="As cron"
          description={cronInWords(schedule.expression)}
          inputWrapperOrder={["label", "input", "description", "error"]}
          classNames={{ input: "mono" }}
          value={schedule.expression}
          error={errors["schedule.expression"]}
          onChange={(event) => {
            const expression = event.currentTarget.value;
            onChange({ ...schedule, expression });
            setSentence(cronToSentence(expression) ?? "");
            setReason(null);
          }}
        />
        <ZoneSelect
          zone={schedule.zone}
          error={errors["schedule.zone"]}
          onChange={(zone) => {
            onChange({ ...schedule, zone });
          }}
        />
      </div>
    </>
  );
}

function IntervalFields({ schedule, errors, onChange }: FieldsProps<Extract<Schedule, { kind: "interval" }>>) {
  const [unit, setUnit] = useState(() => unitFor(schedule.everyMs));
  return (
    <>
      <div className={classes["pair"]}>
        <NumberInput
          label="Every"
          min={1}
          allowDecimal={false}
          value={Math.round(schedule.everyMs / Number(unit))}
          error={errors["schedule.everyMs"]}
          onChange={(value) => {
            onChange({ ...schedule, everyMs: Math.round(Number(value)) * Number(unit) });
          }}
        />
        <Select
          label="Unit"
          allowDeselect={false}
          data={units}
          value={unit}
          onChange={(value) => {
            const next = value ?? unit;
            onChange({ ...schedule, everyMs: Math.round(schedule.everyMs / Number(unit)) * Number(next) });
            setUnit(next);
          }}
        />
      </div>
      <TextInput
        label="Counted from"
        type="datetime-local"
        description="Restarts and edits of other automations never move the beat."
        value={wallText(new Date(schedule.anchor))}
        error={errors["schedule.anchor"]}
        onChange={(event) => {
          const anchor = new Date(event.currentTarget.value);
          if (!Number.isNaN(anchor.getTime())) onChange({ ...schedule, anchor: anchor.toISOString() });
        }}
      />
    </>
  );
}

function OnceFields({ schedule, errors, onChange }: FieldsProps<Extract<Schedule, { kind: "once" }>>) {
  return (
    <div className={classes["datePair"]}>
      <TextInput
        label="Date and time"
        type="datetime-local"
        value={schedule.at.slice(0, 16)}
        error={errors["schedule.at"]}
        onChange={(event) => {
          onChange({ ...schedule, at: event.currentTarget.value });
        }}
      />
      <ZoneSelect
        zone={schedule.zone}
        error={errors["schedule.zone"]}
        onChange={(zone) => {
          onChange({ ...schedule, zone });
        }}
      />
    </div>
  );
}

interface ZoneSelectProps {
  zone: string;
  error: string | undefined;
  onChange: (zone: string) => void;
}

function ZoneSelect({ zone, error, onChange }: ZoneSelectProps) {
  const [zones] = useState(() => [...new Set([...allZones(), zone])]);
  return (
    <Select
      label="Time zone"
      searchable
      allowDeselect={false}
      nothingFoundMessage="No such zone"
      data={zones}
      limit={60}
      value={zone}
      error={error}
      onChange={(value) => {
        if (value !== null) onChange(value);
      }}
    />
  );
}

function unitFor(everyMs: number): string {
  return units.toReversed().find(({ value }) => everyMs % Number(value) === 0)?.value ?? "1000";
}
