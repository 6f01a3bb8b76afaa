import { MultiSelect, NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import type { ChangeEvent } from "react";

import { linesOf } from "../../lib/prompt-values.ts";
import type { Choice, Field, Shape } from "./schema-fields.ts";
import type { FieldProps } from "./schema-form.tsx";
import { fallbackText, UnreadableText } from "./schema-values.ts";

/** What all controls of Mantine take from a field. */
export function commonOf({ label, description, isRequired }: Field, error: string | undefined) {
  return {
    label,
    required: isRequired,
    ...(description === "" ? {} : { description }),
    ...(error === undefined ? {} : { error }),
  };
}

/** One line, or a text of many. */
export function TextField({
  field,
  value,
  error,
  onChange,
  shape,
}: FieldProps & { shape: Extract<Shape, { kind: "text" }> }) {
  const common = {
    ...commonOf(field, error),
    value: typeof value === "string" ? value : "",
    placeholder: fallbackText(field.fallback),
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value);
    },
  };
  if (shape.isLong) return <Textarea {...common} autosize minRows={3} maxRows={14} />;
  // Browsers would judge an address by rules of their own.
  return <TextInput {...common} inputMode={shape.isAddress ? "url" : "text"} spellCheck={!shape.isAddress} />;
}

export function NumberField({ field, value, error, onChange }: FieldProps) {
  // What is typed stays as it is and is judged by `problemsOf`: -5 must not become 5, nor 1.5 become 15.
  return (
    <NumberInput
      {...commonOf(field, error)}
      clampBehavior="none"
      hideControls
      placeholder={fallbackText(field.fallback)}
      value={value instanceof UnreadableText ? value.text : typeof value === "number" ? value : ""}
      onChange={(next) => {
        if (typeof next === "number") onChange(next);
        else onChange(next === "" ? undefined : new UnreadableText(next, "must be a number"));
      }}
    />
  );
}

/** On or off; where neither holds by itself, it can be left open, too. */
export function BooleanField({ field, value, error, onChange }: FieldProps) {
  if (field.fallback === undefined && !field.isRequired) {
    const choices = [
      { value: true, label: "Yes" },
      { value: false, label: "No" },
    ];
    return <ChoiceField field={field} value={value} error={error} onChange={onChange} choices={choices} />;
  }
  const { required: _, ...common } = commonOf(field, error);
  return (
    <Switch
      {...common}
      checked={value === undefined ? field.fallback === true : value === true}
      onChange={(event) => {
        onChange(event.currentTarget.checked);
      }}
    />
  );
}

export function ChoiceField({ field, value, error, onChange, choices }: FieldProps & { choices: readonly Choice[] }) {
  const chosen = choices.findIndex((choice) => choice.value === (value ?? field.fallback));
  return (
    <Select
      {...commonOf(field, error)}
      placeholder={field.isRequired ? "Choose" : "Not set"}
      clearable={!field.isRequired && field.fallback === undefined}
      allowDeselect={false}
      data={choices.map(({ label }, index) => ({ value: String(index), label }))}
      value={chosen === -1 ? null : String(chosen)}
      onChange={(index) => {
        onChange(index === null ? undefined : choices[Number(index)]?.value);
      }}
    />
  );
}

/** Several of what there is, in the order in which they were chosen. */
export function ChoicesField({ field, value, error, onChange, choices }: FieldProps & { choices: readonly Choice[] }) {
  const given: readonly unknown[] = Array.isArray(value) ? value : Array.isArray(field.fallback) ? field.fallback : [];
  const chosen = given.map((one) => String(choices.findIndex((choice) => choice.value === one)));
  return (
    <MultiSelect
      {...commonOf(field, error)}
      placeholder={chosen.length === 0 ? (field.emptyText ?? "None chosen") : ""}
      data={choices.map(({ label }, index) => ({ value: String(index), label }))}
      value={chosen.filter((index) => index !== "-1")}
      onChange={(indexes) => {
        onChange(indexes.map((index) => choices[Number(index)]?.value));
      }}
    />
  );
}

/** A list of texts, one per line. */
export function LinesField({ field, value, error, onChange }: FieldProps) {
  const common = commonOf(field, error);
  return (
    <Textarea
      {...common}
      autosize
      minRows={2}
      maxRows={10}
      placeholder={fallbackText(field.fallback) || "One per line"}
      value={Array.isArray(value) ? value.join("\n") : ""}
      onChange={(event) => {
        const text = event.currentTarget.value;
        onChange(text === "" ? undefined : text.split("\n"));
      }}
      onBlur={(event) => {
        const lines = linesOf(event.currentTarget.value);
        onChange(lines.length === 0 ? undefined : lines);
      }}
    />
  );
}
