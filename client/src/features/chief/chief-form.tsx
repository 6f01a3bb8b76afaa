import { Button, NumberInput, Radio, Slider, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { ChiefSettings } from "../../../../contract/features/chief.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { permissionModes } from "../../lib/permission-modes.ts";
import { undoToast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./chief.module.css";

interface PartProps {
  draft: ChiefSettings;
  errors: Readonly<Record<string, string>>;
  change: (patch: Partial<ChiefSettings>) => void;
}

const usualQuiet = { from: "22:00", to: "07:00" };

/** How the chief of staff works. Nothing is sent before Save, and a save can be undone. */
export function ChiefForm({ saved, zone }: { saved: ChiefSettings; zone: string }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(saved);
  const put = async (settings: ChiefSettings): Promise<void> => {
    client.setQueryData(callKey("chief.get"), await call("chief.put", { body: settings }));
  };
  const save = useMutation({
    mutationFn: put,
    onSuccess: () => {
      undoToast("Saved how the chief of staff works", () => put(saved));
    },
  });
  const errors = fieldErrors(save.error);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved);
  const change = (patch: Partial<ChiefSettings>): void => {
    setDraft({ ...draft, ...patch });
  };
  const part = { draft, errors, change };
  return (
    <Section title="How it works" isCard>
      <form
        className={classes["form"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(draft);
        }}
      >
        <Autonomy {...part} />
        <QuietHours {...part} zone={zone} />
        <Limits {...part} />
        <Recovery {...part} />
        <Weights {...part} />
        <FormError error={save.error} shown={Object.keys(errors)} />
        <div className={classes["save"]}>
          <Button
            disabled={!isChanged}
            onClick={() => {
              setDraft(saved);
            }}
          >
            Reset
          </Button>
          <Button type="submit" variant="filled" disabled={!isChanged} loading={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Section>
  );
}

function Group({ legend, text, children }: { legend: string; text?: string; children: ReactNode }) {
  return (
    <fieldset className={classes["group"]}>
      <legend>{legend}</legend>
      {text === undefined ? null : <p className={classes["hint"]}>{text}</p>}
      {children}
    </fieldset>
  );
}

function Autonomy({ draft, change }: PartProps) {
  return (
    <Group legend="What agents may do without asking" text="Where a task does not say something else.">
      <Radio.Group
        aria-label="What agents may do without asking"
        value={draft.autonomy}
        onChange={(autonomy) => {
          change({ autonomy });
        }}
      >
        <div className={classes["choices"]}>
          {permissionModes.map(({ value, label, text }) => (
            <Radio key={value} value={value} label={label} description={text} />
          ))}
        </div>
      </Radio.Group>
    </Group>
  );
}

function QuietHours({ draft, errors, change, zone }: PartProps & { zone: string }) {
  const { quietHours } = draft;
  return (
    <Group legend="Quiet hours">
      <Switch
        checked={quietHours !== null}
        label="Start nothing at certain hours"
        description="What runs goes on. What you start by hand starts."
        onChange={(event) => {
          change({ quietHours: event.currentTarget.checked ? usualQuiet : null });
        }}
      />
      {quietHours === null ? null : (
        <>
          <div className={classes["pair"]}>
            {(["from", "to"] as const).map((end) => (
              <TextInput
                key={end}
                type="time"
                label={end === "from" ? "From" : "Until"}
                value={quietHours[end]}
                error={errors[`quietHours.${end}`]}
                onChange={(event) => {
                  change({ quietHours: { ...quietHours, [end]: event.currentTarget.value } });
                }}
              />
            ))}
          </div>
          <p className={classes["hint"]}>By the clock of this machine, {zone}.</p>
        </>
      )}
    </Group>
  );
}

function Limits({ draft, errors, change }: PartProps) {
  const fields = [
    ["total", "At once"],
    ["perApp", "In one app"],
    ["perProvider", "At one provider"],
  ] as const;
  return (
    <Group legend="Runs at once" text="Of all kinds. One that waits for your answer does not count.">
      <div className={classes["three"]}>
        {fields.map(([name, label]) => (
          <NumberInput
            key={name}
            label={label}
            min={1}
            max={50}
            value={draft.limits[name]}
            error={errors[`limits.${name}`]}
            onChange={(value) => {
              change({ limits: { ...draft.limits, [name]: Number(value) } });
            }}
          />
        ))}
      </div>
    </Group>
  );
}

function Recovery({ draft, errors, change }: PartProps) {
  const { recovery } = draft;
  return (
    <Group
      legend="After a failure"
      text="It tries again, asks another provider or a bigger model, waits for a limit to end, and asks you in the end."
    >
      <div className={classes["pair"]}>
        <NumberInput
          label="Runs of one task"
          description="The first one included"
          min={1}
          max={20}
          value={recovery.maxRuns}
          error={errors["recovery.maxRuns"]}
          onChange={(value) => {
            change({ recovery: { ...recovery, maxRuns: Number(value) } });
          }}
        />
        <NumberInput
          label="First pause in seconds"
          description="Doubled each time"
          min={1}
          max={3_600}
          value={recovery.backOffMs / 1_000}
          error={errors["recovery.backOffMs"]}
          onChange={(value) => {
            change({ recovery: { ...recovery, backOffMs: Math.round(Number(value) * 1_000) } });
          }}
        />
      </div>
    </Group>
  );
}

function Weights({ draft, change }: PartProps) {
  const fields = [
    ["success", "Success"],
    ["cost", "Low cost"],
    ["time", "Speed"],
  ] as const;
  return (
    <Group legend="What counts when the best is chosen" text="Only their proportion matters.">
      <div className={classes["weights"]}>
        {fields.map(([name, label]) => (
          <div key={name} className={classes["weight"]}>
            <span>{label}</span>
            <Slider
              min={0}
              max={10}
              step={1}
              value={draft.weights[name]}
              thumbLabel={`Weight of ${label.toLowerCase()}`}
              onChange={(value) => {
                change({ weights: { ...draft.weights, [name]: value } });
              }}
            />
            <span className={classes["figure"]}>{draft.weights[name]}</span>
          </div>
        ))}
      </div>
    </Group>
  );
}
