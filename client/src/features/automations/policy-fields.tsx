import { NumberInput, Radio } from "@mantine/core";

import type { Draft } from "./automation-draft.ts";
import classes from "./automations.module.css";

interface PolicyFieldsProps {
  draft: Draft;
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<Draft>) => void;
}

const usualGraceMs = 3_600_000;

/** What happens when a time was missed, and when one comes while the run before still goes on. */
export function PolicyFields({ draft, errors, onChange }: PolicyFieldsProps) {
  const { overlapPolicy } = draft;
  const isOfEvents = draft.schedule.kind === "event";
  const legend = `If it still runs when the next ${isOfEvents ? "event" : "time"} comes`;
  return (
    <>
      {isOfEvents ? null : <MissedFields draft={draft} errors={errors} onChange={onChange} />}
      <fieldset className={classes["group"]}>
        <legend>{legend}</legend>
        {isOfEvents ? null : (
          <p className={classes["sub"]}>Messages of a webhook that names it always wait, and start a run each.</p>
        )}
        <Radio.Group
          aria-label={legend}
          value={overlapPolicy}
          onChange={(value) => {
            onChange({ overlapPolicy: value });
          }}
        >
          <div className={classes["group"]}>
            {isOfEvents ? (
              <Radio
                value="queue-all"
                label="Let each wait"
                description="It runs for every event, one after another, in their order, also after a restart."
              />
            ) : null}
            <Radio value="skip" label="Skip the new one" description="The run that is under way goes on." />
            <Radio value="queue-one" label="Let one wait" description="It starts when the run before has ended." />
            <Radio value="replace" label="Replace" description="The run under way is ended, then the new one starts." />
          </div>
        </Radio.Group>
      </fieldset>
    </>
  );
}

function MissedFields({ draft: { missedPolicy }, errors, onChange }: PolicyFieldsProps) {
  return (
    <fieldset className={classes["group"]}>
      <legend>If a time was missed</legend>
      <Radio.Group
        aria-label="If a time was missed"
        value={missedPolicy.kind}
        onChange={(kind) => {
          onChange({ missedPolicy: kind === "skip" ? { kind } : { kind: "run-once", graceMs: usualGraceMs } });
        }}
      >
        <div className={classes["group"]}>
          <Radio value="skip" label="Skip it" description="The ledger says it was missed." />
          <Radio
            value="run-once"
            label="Run once, late"
            description="However many were missed while the machine slept or PortOS was down, one run makes up for them."
          />
        </div>
      </Radio.Group>
      {missedPolicy.kind === "run-once" ? (
        <NumberInput
          label="At most so many minutes late"
          min={1}
          max={44_640}
          value={missedPolicy.graceMs / 60_000}
          error={errors["missedPolicy.graceMs"]}
          onChange={(value) => {
            onChange({ missedPolicy: { kind: "run-once", graceMs: Math.round(Number(value) * 60_000) } });
          }}
        />
      ) : null}
    </fieldset>
  );
}
