import { Checkbox, NumberInput, Select, Textarea, TextInput } from "@mantine/core";

import type { PromptValue, PromptVariable } from "../../../contract/features/prompts.ts";
import { linesOf } from "../lib/prompt-values.ts";

interface ValueFieldProps {
  variable: PromptVariable;
  label: string;
  value: PromptValue | null;
  error?: string | undefined;
  description?: string;
  onChange: (value: PromptValue | null) => void;
}

/** A field that takes exactly what a variable of this type may hold; empty is `null`. */
export function ValueField({ variable, label, value, error, description, onChange }: ValueFieldProps) {
  const common = { label, error, ...(description === undefined || description === "" ? {} : { description }) };
  const text = typeof value === "string" ? value : "";
  switch (variable.type) {
    case "text":
      return (
        <TextInput
          {...common}
          value={text}
          onChange={(event) => {
            onChange(event.currentTarget.value === "" ? null : event.currentTarget.value);
          }}
        />
      );
    case "long-text":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={8}
          value={text}
          onChange={(event) => {
            onChange(event.currentTarget.value === "" ? null : event.currentTarget.value);
          }}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          value={typeof value === "number" ? value : ""}
          onChange={(next) => {
            onChange(typeof next === "number" ? next : null);
          }}
        />
      );
    case "yes-no":
      return (
        <Checkbox
          {...common}
          checked={value === true}
          onChange={(event) => {
            onChange(event.currentTarget.checked);
          }}
        />
      );
    case "choice":
      return (
        <Select
          {...common}
          clearable
          data={[...new Set(variable.choices)]}
          value={variable.choices.includes(text) ? text : null}
          onChange={onChange}
        />
      );
    case "list":
      break;
  }
  return (
    <Textarea
      {...common}
      autosize
      minRows={2}
      maxRows={8}
      placeholder="One per line"
      value={Array.isArray(value) ? value.join("\n") : ""}
      onChange={(event) => {
        const lines = event.currentTarget.value.split("\n");
        onChange(event.currentTarget.value === "" ? null : lines);
      }}
      onBlur={(event) => {
        const lines = linesOf(event.currentTarget.value);
        onChange(lines.length === 0 ? null : lines);
      }}
    />
  );
}
