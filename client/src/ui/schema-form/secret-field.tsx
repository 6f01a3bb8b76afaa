import { Button, PasswordInput, Textarea } from "@mantine/core";
import type { ChangeEvent } from "react";

import { commonOf } from "./plain-fields.tsx";
import type { FieldProps } from "./schema-form.tsx";
import classes from "./schema-form.module.css";

/** What is known of a secret that is never shown. */
export interface SecretState {
  readonly isSet: boolean;
  readonly last4: string | null;
}

/** Written, never read: left out it stays, empty it is removed. */
export function SecretField({ field, value, error, onChange, secret }: FieldProps & { secret: SecretState }) {
  const isRemoved = value === "";
  const input = {
    ...commonOf({ ...field, isRequired: field.isRequired && !secret.isSet }, error),
    placeholder: isRemoved ? "will be removed" : keptWords(secret),
    value: typeof value === "string" ? value : "",
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value);
    },
  };
  // A key in PEM form has lines, which a field for passwords would join.
  const isOfLines = field.shape.kind === "text" && field.shape.isLong;
  return (
    <div className={classes["secret"]}>
      {isOfLines ? (
        <Textarea {...input} autosize minRows={2} maxRows={6} autoComplete="off" classNames={{ input: "mono" }} />
      ) : (
        <PasswordInput {...input} autoComplete="new-password" />
      )}
      {!secret.isSet ? null : (
        <Button
          variant="subtle"
          color="gray"
          aria-label={isRemoved ? `Keep it: ${field.label}` : `Remove it: ${field.label}`}
          onClick={() => {
            onChange(isRemoved ? undefined : "");
          }}
        >
          {isRemoved ? "Keep it" : "Remove it"}
        </Button>
      )}
    </div>
  );
}

/** What stands in the empty field of a secret. */
export function keptWords({ isSet, last4 }: SecretState): string {
  if (!isSet) return "not set";
  return last4 === null ? "set, never shown" : `unchanged, ends in ${last4}`;
}
