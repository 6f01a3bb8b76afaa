import { TextInput } from "@mantine/core";

interface PinFieldProps {
  label: string;
  value: string;
  onChange: (digits: string) => void;
  error?: string | undefined;
  isFocused?: boolean;
}

/** A field for a PIN: dots on screen, the digits of a phone's keyboard. */
export function PinField({ label, value, onChange, error, isFocused = false }: PinFieldProps) {
  return (
    <TextInput
      type="password"
      inputMode="numeric"
      autoComplete="off"
      enterKeyHint="go"
      maxLength={12}
      label={label}
      value={value}
      error={error}
      {...(isFocused ? { "data-autofocus": true } : {})}
      onChange={(event) => {
        onChange(event.currentTarget.value.replaceAll(/\D/g, ""));
      }}
    />
  );
}
