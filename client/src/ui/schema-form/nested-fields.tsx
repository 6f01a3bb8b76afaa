import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { IconPlus, IconX } from "../icons.gen.ts";
import type { FieldProps } from "./schema-form.tsx";
import classes from "./schema-form.module.css";
import { isRecord, type Values } from "./schema-values.ts";

type Draw = (values: Values, onChange: (values: Values) => void, index: number) => ReactNode;

function Frame({ field, error, children }: Pick<FieldProps, "field" | "error"> & { children: ReactNode }) {
  return (
    <fieldset className={classes["frame"]}>
      <legend className={classes["legend"]}>
        {field.label}
        {field.isRequired ? <span aria-hidden="true"> *</span> : null}
      </legend>
      {field.description === "" ? null : <p className={classes["description"]}>{field.description}</p>}
      {children}
      {error === undefined ? null : (
        <p className={classes["error"]} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}

/** A record inside of the form. */
export function GroupField({ field, value, error, onChange, children }: FieldProps & { children: Draw }) {
  const values = isRecord(value) ? value : isRecord(field.fallback) ? field.fallback : {};
  const change = (next: Values): void => {
    onChange(Object.keys(next).length === 0 && !field.isRequired ? undefined : next);
  };
  return (
    <Frame field={field} error={error}>
      {children(values, change, 0)}
    </Frame>
  );
}

/** A list of records, one framed row each. */
export function RowsField({ field, value, error, onChange, children }: FieldProps & { children: Draw }) {
  const given: readonly unknown[] = Array.isArray(value) ? value : Array.isArray(field.fallback) ? field.fallback : [];
  const rows = given.map((row): Values => (isRecord(row) ? row : {}));
  const change = (next: readonly Values[]): void => {
    onChange(next.length === 0 ? undefined : next);
  };
  return (
    <Frame field={field} error={error}>
      {rows.map((row, index) => (
        <div key={index} className={classes["row"]} role="group" aria-label={`${field.label} ${String(index + 1)}`}>
          <div className={classes["rowFields"]}>
            {children(
              row,
              (changed) => {
                change(rows.map((other, at) => (at === index ? changed : other)));
              },
              index,
            )}
          </div>
          <ActionIcon
            aria-label={`Remove ${field.label} ${String(index + 1)}`}
            onClick={() => {
              change(rows.filter((_, at) => at !== index));
            }}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <AddButton
        label={field.label}
        onAdd={() => {
          change([...rows, {}]);
        }}
      />
    </Frame>
  );
}

/** Texts by name. Two rows may have one name while they are written; then the later one counts. */
export function PairsField({ field, value, error, onChange }: FieldProps) {
  const [rows, setRows] = useState<readonly (readonly [name: string, value: string])[]>(() => pairsOf(value));
  // Somebody else has changed it, an example for instance.
  const isStale = JSON.stringify(recordOf(rows)) !== JSON.stringify(recordOf(pairsOf(value)));
  const shown = isStale ? pairsOf(value) : rows;
  const change = (next: readonly (readonly [string, string])[]): void => {
    setRows(next);
    const record = recordOf(next);
    onChange(Object.keys(record).length === 0 ? undefined : record);
  };
  return (
    <Frame field={field} error={error}>
      {shown.map(([name, text], index) => (
        <div key={index} className={classes["pair"]}>
          <TextInput
            aria-label={`Name ${String(index + 1)} of ${field.label}`}
            placeholder="Name"
            classNames={{ input: "mono" }}
            value={name}
            onChange={(event) => {
              const changed = [event.currentTarget.value, text] as const;
              change(shown.map((row, at) => (at === index ? changed : row)));
            }}
          />
          <TextInput
            aria-label={`Value ${String(index + 1)} of ${field.label}`}
            placeholder="Value"
            value={text}
            onChange={(event) => {
              const changed = [name, event.currentTarget.value] as const;
              change(shown.map((row, at) => (at === index ? changed : row)));
            }}
          />
          <ActionIcon
            aria-label={`Remove row ${String(index + 1)} of ${field.label}`}
            onClick={() => {
              change(shown.filter((_, at) => at !== index));
            }}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <AddButton
        label={field.label}
        onAdd={() => {
          change([...shown, ["", ""]]);
        }}
      />
    </Frame>
  );
}

function AddButton({ label, onAdd }: { label: string; onAdd: () => void }) {
  return (
    <div>
      <Button leftSection={<IconPlus size={14} />} aria-label={`Add to ${label}`} onClick={onAdd}>
        Add
      </Button>
    </div>
  );
}

function pairsOf(value: unknown): (readonly [string, string])[] {
  return isRecord(value) ? Object.entries(value).map(([name, text]) => [name, String(text)] as const) : [];
}

/** Rows without a name are still being written. */
function recordOf(rows: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(rows.filter(([name]) => name.trim() !== "").map(([name, text]) => [name.trim(), text]));
}
