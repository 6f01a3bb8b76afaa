import { Button, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Provider } from "../../../../contract/features/providers.ts";
import type { ApiDraft } from "./provider-draft.ts";
import classes from "./providers.module.css";

type KeyState = Extract<Provider, { type: "api" }>["apiKey"];

interface ApiFieldsProps {
  draft: ApiDraft;
  /** What is known of the stored key; `null` for a new provider. */
  kept: KeyState | null;
  needsKey: boolean;
  keyUrl: string | null;
  errors: Readonly<Record<string, string>>;
  onChange: (patch: Partial<ApiDraft>) => void;
}

const dialects = [
  { value: "openai-compatible", label: "OpenAI-compatible" },
  { value: "openai", label: "OpenAI" },
  { value: "anthropic", label: "Anthropic" },
  { value: "google", label: "Google Gemini" },
];

/** Address, wire format and key of an API. */
export function ApiFields({ draft, kept, needsKey, keyUrl, errors, onChange }: ApiFieldsProps) {
  return (
    <>
      <TextInput
        label="Address"
        description="Only exactly this scheme, host and port is ever called."
        inputMode="url"
        classNames={{ input: "mono" }}
        value={draft.baseUrl}
        error={errors["baseUrl"]}
        onChange={(event) => {
          onChange({ baseUrl: event.currentTarget.value.trim() });
        }}
      />
      <NativeSelect
        label="Kind of API"
        data={dialects}
        value={draft.dialect}
        error={errors["dialect"]}
        onChange={(event) => {
          const dialect = dialects.find(({ value }) => value === event.currentTarget.value)?.value;
          if (dialect !== undefined) onChange({ dialect: dialect as ApiDraft["dialect"] });
        }}
      />
      <KeyField
        value={draft.apiKey ?? null}
        kept={kept}
        needsKey={needsKey}
        keyUrl={keyUrl}
        error={errors["apiKey"]}
        onChange={onChange}
      />
    </>
  );
}

interface KeyFieldProps extends Pick<ApiFieldsProps, "kept" | "needsKey" | "keyUrl"> {
  /** `null`: stays what it is. Empty: is removed. */
  value: string | null;
  error: string | undefined;
  onChange: (patch: { apiKey: string | null }) => void;
}

/** A stored key can be kept, replaced or removed, never read. */
function KeyField({ value, kept, needsKey, keyUrl, error, onChange }: KeyFieldProps) {
  const [isRemoved, setIsRemoved] = useState(false);
  const isStored = kept?.isSet === true;
  const description =
    keyUrl === null ? (
      "Stored sealed; no page shows it again. Leave it empty when the server asks for none."
    ) : (
      <>
        Stored sealed; no page shows it again. Make one at{" "}
        <a href={keyUrl} target="_blank" rel="noreferrer">
          {new URL(keyUrl).host}
        </a>
        .
      </>
    );
  const placeholder = isRemoved
    ? "will be removed"
    : isStored
      ? `unchanged${kept.last4 === null ? "" : `, ends in ${kept.last4}`}`
      : needsKey
        ? "paste the key"
        : "none";
  return (
    <div className={classes["keyField"]}>
      <PasswordInput
        label="API key"
        description={description}
        autoComplete="off"
        placeholder={placeholder}
        value={value ?? ""}
        error={error}
        onChange={(event) => {
          setIsRemoved(false);
          onChange({ apiKey: event.currentTarget.value === "" ? null : event.currentTarget.value });
        }}
      />
      {isStored ? (
        <Button
          onClick={() => {
            setIsRemoved(!isRemoved);
            onChange({ apiKey: isRemoved ? null : "" });
          }}
        >
          {isRemoved ? "Keep the key" : "Remove the key"}
        </Button>
      ) : null}
    </div>
  );
}
