import { Textarea } from "@mantine/core";
import { useState } from "react";

import { commonOf } from "./plain-fields.tsx";
import type { FieldProps } from "./schema-form.tsx";
import { UnreadableText } from "./schema-values.ts";

/** A value no control fits, written as JSON. */
export function JsonField({ field, value, error, onChange }: FieldProps) {
  const [written, setWritten] = useState<{ text: string; value: unknown } | null>(null);
  const text = written !== null && written.value === value ? written.text : textOf(value);
  const complaint = value instanceof UnreadableText ? value.complaint : error;
  return (
    <Textarea
      {...commonOf(field, complaint)}
      autosize
      minRows={2}
      maxRows={14}
      classNames={{ input: "mono" }}
      spellCheck={false}
      placeholder={field.fallback === undefined ? "JSON" : JSON.stringify(field.fallback)}
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        const parsed = readJson(next);
        setWritten({ text: next, value: parsed });
        onChange(parsed);
      }}
    />
  );
}

/** Nothing written is nothing given. */
export function readJson(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return new UnreadableText(text, "is no JSON"); // it may be half written
  }
}

function textOf(value: unknown): string {
  if (value === undefined) return "";
  return value instanceof UnreadableText ? value.text : JSON.stringify(value, null, 2);
}
