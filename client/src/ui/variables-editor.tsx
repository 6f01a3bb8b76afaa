import { ActionIcon, Button, Checkbox, PasswordInput, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "./icons.gen.ts";
import type { ReactNode } from "react";

import type { Variable, VariableInput } from "../../../contract/features/variables.ts";
import classes from "./variables-editor.module.css";

/** A variable while it is edited. */
export interface VariableRow {
  key: number;
  name: string;
  /** `null`: a secret that stays what it is. */
  value: string | null;
  isSecret: boolean;
  last4: string | null;
}

let nextKey = 1;

/** Rows to begin with. */
export function toVariableRows(variables: readonly Variable[]): VariableRow[] {
  return variables.map((variable) => ({ ...variable, key: nextKey++ }));
}

/** Rows as they are saved: secrets that were not typed anew stay what they are. */
export function toVariableInputs(rows: readonly Omit<VariableRow, "key" | "last4">[]): VariableInput[] {
  return rows.map(({ name, value, isSecret }) => (value === null ? { name, isSecret } : { name, value, isSecret }));
}

interface VariablesEditorProps {
  rows: readonly VariableRow[];
  onChange: (rows: VariableRow[]) => void;
  /** What is wrong with the row at this place. */
  errorOf?: (index: number) => string | undefined;
  /** Beside the button that adds a row. */
  children?: ReactNode;
}

/** Variables by name and value, each with a switch that makes it a secret. Secrets can be replaced, never read. */
export function VariablesEditor({ rows, onChange, errorOf, children }: VariablesEditorProps) {
  return (
    <>
      {rows.map((row, index) => (
        <VariableFields
          key={row.key}
          row={row}
          error={errorOf?.(index)}
          onChange={(part) => {
            onChange(rows.map((other) => (other === row ? { ...other, ...part } : other)));
          }}
          onRemove={() => {
            onChange(rows.filter((other) => other !== row));
          }}
        />
      ))}
      <div className={classes["buttons"]}>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            onChange([...rows, { key: nextKey++, name: "", value: "", isSecret: false, last4: null }]);
          }}
        >
          Add a variable
        </Button>
        {children}
      </div>
    </>
  );
}

interface VariableFieldsProps {
  row: VariableRow;
  error: string | undefined;
  onChange: (part: Partial<VariableRow>) => void;
  onRemove: () => void;
}

function VariableFields({ row, error, onChange, onRemove }: VariableFieldsProps) {
  const kept = row.last4 === null ? "kept as it is" : `kept, ends in ${row.last4}`;
  const Input = row.isSecret ? PasswordInput : TextInput;
  return (
    <div className={classes["variable"]}>
      <TextInput
        aria-label="Name of the variable"
        placeholder="NAME"
        value={row.name}
        error={error}
        classNames={{ input: "mono" }}
        onChange={(event) => {
          onChange({ name: event.currentTarget.value.trim() });
        }}
      />
      <Input
        aria-label={`Value of ${row.name || "the variable"}`}
        placeholder={row.value === null ? kept : "value"}
        value={row.value ?? ""}
        autoComplete="off"
        onChange={(event) => {
          onChange({ value: event.currentTarget.value });
        }}
      />
      <Checkbox
        label="Secret"
        checked={row.isSecret}
        onChange={(event) => {
          const isSecret = event.currentTarget.checked;
          onChange(isSecret ? { isSecret } : { isSecret, value: row.value ?? "" });
        }}
      />
      <ActionIcon aria-label={`Remove ${row.name || "this variable"}`} onClick={onRemove}>
        <IconX size={15} />
      </ActionIcon>
    </div>
  );
}
