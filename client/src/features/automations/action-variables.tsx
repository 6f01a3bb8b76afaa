import { useState } from "react";

import type { Variable, VariableInput } from "../../../../contract/features/variables.ts";
import { toVariableInputs, toVariableRows, VariablesEditor } from "../../ui/variables-editor.tsx";
import classes from "./automations.module.css";

interface ActionVariablesProps {
  variables: readonly VariableInput[];
  kept: readonly Variable[];
  errors: Readonly<Record<string, string>>;
  onChange: (variables: VariableInput[]) => void;
}

/** Variables a command gets. */
export function ActionVariables({ variables, kept, errors, onChange }: ActionVariablesProps) {
  const [rows, setRows] = useState(() =>
    toVariableRows(
      variables.map(({ name, value, isSecret }) => {
        const last4 = kept.find((entry) => entry.name === name)?.last4 ?? null;
        return { name, value: value ?? null, isSecret, last4 };
      }),
    ),
  );
  return (
    <div className={classes["variables"]} role="group" aria-label="Variables">
      <p className={classes["sub"]}>Variables. A secret is stored sealed; no page and no output shows it again.</p>
      <VariablesEditor
        rows={rows}
        errorOf={(index) => errorAt(errors, index)}
        onChange={(next) => {
          setRows(next);
          onChange(toVariableInputs(next));
        }}
      />
      {errors["action.environment"] === undefined ? null : (
        <p className={classes["fieldError"]} role="alert">
          {errors["action.environment"]}
        </p>
      )}
    </div>
  );
}

function errorAt(errors: Readonly<Record<string, string>>, index: number): string | undefined {
  return Object.entries(errors).find(([path]) => path.startsWith(`action.environment.${index}.`))?.[1];
}
