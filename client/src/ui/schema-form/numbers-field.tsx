import { TextInput } from "@mantine/core";
import { useState } from "react";

import { commonOf } from "./plain-fields.tsx";
import type { FieldProps } from "./schema-form.tsx";
import { readNumbers, UnreadableText } from "./schema-values.ts";

/** Numbers in a row: "8443, 9000". */
export function NumbersField({ field, value, error, onChange }: FieldProps) {
  const [written, setWritten] = useState<{ text: string; value: unknown } | null>(null);
  const text = written !== null && written.value === value ? written.text : textOf(value);
  return (
    <TextInput
      {...commonOf(field, value instanceof UnreadableText ? value.complaint : error)}
      inputMode="text"
      placeholder={textOf(field.fallback)}
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        const read = readNumbers(next);
        setWritten({ text: next, value: read });
        onChange(read);
      }}
    />
  );
}

function textOf(value: unknown): string {
  if (value instanceof UnreadableText) return value.text;
  return Array.isArray(value) ? value.join(", ") : "";
}
