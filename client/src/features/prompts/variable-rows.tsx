import { ActionIcon, Button, Checkbox, Select, Textarea, TextInput } from "@mantine/core";

import { IconPlus, IconX } from "../../ui/icons.gen.ts";
import { linesOf } from "../../lib/prompt-values.ts";
import { type DraftVariable, newVariable, variableTypes, withType } from "./prompt-draft.ts";
import classes from "./prompts.module.css";
import { ValueField } from "../../ui/value-field.tsx";

interface VariableRowsProps {
  variables: readonly DraftVariable[];
  errors: Readonly<Record<string, string>>;
  onChange: (variables: DraftVariable[]) => void;
}

/** The variables of a prompt: name, type, default, and whether one may be left out. */
export function VariableRows({ variables, errors, onChange }: VariableRowsProps) {
  return (
    <div className={classes["variables"]}>
      {variables.map((variable, index) => (
        <VariableRow
          key={variable.key}
          variable={variable}
          errorOf={(field) => errors[`input.variables.${String(index)}.${field}`]}
          onChange={(next) => {
            onChange(variables.map((other) => (other === variable ? next : other)));
          }}
          onRemove={() => {
            onChange(variables.filter((other) => other !== variable));
          }}
        />
      ))}
      {errors["input.variables"] === undefined ? null : (
        <p className={classes["fieldError"]} role="alert">
          {errors["input.variables"]}
        </p>
      )}
      <Button
        leftSection={<IconPlus size={14} />}
        onClick={() => {
          onChange([...variables, newVariable()]);
        }}
      >
        Add a variable
      </Button>
    </div>
  );
}

interface VariableRowProps {
  variable: DraftVariable;
  errorOf: (field: string) => string | undefined;
  onChange: (variable: DraftVariable) => void;
  onRemove: () => void;
}

function VariableRow({ variable, errorOf, onChange, onRemove }: VariableRowProps) {
  const name = variable.name === "" ? "this variable" : variable.name;
  const change = (patch: Partial<DraftVariable>): void => {
    onChange({ ...variable, ...patch });
  };
  return (
    <div className={classes["variable"]} role="group" aria-label={`Variable ${variable.name}`}>
      <div className={classes["variableHead"]}>
        <TextInput
          label="Name"
          placeholder="diff"
          classNames={{ input: "mono" }}
          value={variable.name}
          error={errorOf("name")}
          onChange={(event) => {
            change({ name: event.currentTarget.value.trim() });
          }}
        />
        <Select
          label="Type"
          allowDeselect={false}
          data={variableTypes}
          value={variable.type}
          onChange={(value) => {
            const type = variableTypes.find((entry) => entry.value === value)?.value;
            if (type !== undefined && type !== variable.type) onChange(withType(variable, type));
          }}
        />
        <ActionIcon aria-label={`Remove ${name}`} onClick={onRemove}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      <TextInput
        label="Description"
        maxLength={300}
        value={variable.description}
        error={errorOf("description")}
        onChange={(event) => {
          change({ description: event.currentTarget.value });
        }}
      />
      {variable.type === "choice" ? (
        <Textarea
          label="Choices"
          placeholder="One per line"
          autosize
          minRows={2}
          defaultValue={variable.choices.join("\n")}
          error={errorOf("choices")}
          onChange={(event) => {
            change({ choices: linesOf(event.currentTarget.value).map((line) => line.trim()) });
          }}
        />
      ) : null}
      <ValueField
        variable={variable}
        label="Default"
        value={variable.default}
        error={errorOf("default")}
        onChange={(value) => {
          change({ default: value });
        }}
      />
      <Checkbox
        label="Must have a value"
        checked={variable.isRequired}
        onChange={(event) => {
          change({ isRequired: event.currentTarget.checked });
        }}
      />
    </div>
  );
}
