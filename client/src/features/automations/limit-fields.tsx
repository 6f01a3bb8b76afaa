import { NumberInput } from "@mantine/core";

import type { Budget } from "../../../../contract/features/runs.ts";
import classes from "./automations.module.css";

interface LimitFieldsProps {
  legend: string;
  /** Left out: no limit at all. */
  budget: Budget | undefined;
  /** Where it stands in what is sent. */
  path?: string;
  errors: Readonly<Record<string, string>>;
  onChange: (budget: Budget) => void;
}

/** Nothing is limited. */
export const noBudget: Budget = { costUsd: null, tokens: null, turns: null, minutes: null };

const limits = [
  { name: "costUsd", label: "Dollars" },
  { name: "minutes", label: "Minutes" },
  { name: "tokens", label: "Tokens" },
  { name: "turns", label: "Replies" },
] as const;

/** What may be used at most; an empty field is no limit. */
export function LimitFields({ legend, budget, path = "action.budget", errors, onChange }: LimitFieldsProps) {
  return (
    <fieldset className={classes["limits"]}>
      <legend>{legend}</legend>
      {limits.map(({ name, label }) => (
        <NumberInput
          key={name}
          label={label}
          placeholder="no limit"
          min={0}
          hideControls
          allowDecimal={name === "costUsd" || name === "minutes"}
          value={budget?.[name] ?? ""}
          error={errors[`${path}.${name}`]}
          onChange={(value) => {
            onChange({ ...noBudget, ...budget, [name]: value === "" ? null : Number(value) });
          }}
        />
      ))}
    </fieldset>
  );
}
