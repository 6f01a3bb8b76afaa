import { Textarea } from "@mantine/core";

interface SourceFieldProps {
  label: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

/** The text of a program. */
export function SourceField({ label, value, error, onChange }: SourceFieldProps) {
  return (
    <Textarea
      label={label}
      description="TypeScript. It may import portos, zod and files beside it, and reaches the network through the gateway alone."
      autosize
      minRows={14}
      maxRows={30}
      spellCheck={false}
      autoCapitalize="off"
      wrap="off"
      classNames={{ input: "mono" }}
      error={error}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
