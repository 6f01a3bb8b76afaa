import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

import { IconSearch } from "./icons.gen.ts";

interface SearchFieldProps {
  label: string;
  placeholder: string;
  /** What is searched for, as the address says. */
  value: string | undefined;
  /** A moment after typing; `null` for nothing. */
  onChange: (text: string | null) => void;
  className?: string | undefined;
}

const waitMs = 300;

/** A field whose text filters what stands below it. It follows the address, but never while somebody types. */
export function SearchField({ label, placeholder, value, onChange, className }: SearchFieldProps) {
  const [text, setText] = useState(value ?? "");
  const asked = useRef(value ?? "");
  const apply = useDebouncedCallback((typed: string) => {
    asked.current = typed.trim();
    onChange(asked.current === "" ? null : asked.current);
  }, waitMs);
  useEffect(() => {
    if ((value ?? "") === asked.current) return;
    // Somebody else has changed it: "Clear", or the way back.
    asked.current = value ?? "";
    setText(value ?? "");
  }, [value]);
  return (
    <TextInput
      {...(className === undefined ? {} : { className })}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={15} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
    />
  );
}
