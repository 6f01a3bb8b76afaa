import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import type { PromptSummary } from "../../../contract/features/prompts.ts";
import { call } from "../lib/api.ts";
import { callKey } from "../lib/call-query.ts";
import { fieldValue, givenValues, type PromptValues } from "../lib/prompt-values.ts";
import { ErrorState } from "./error-state.tsx";
import { Notice } from "./notice.tsx";
import classes from "./template-fields.module.css";
import { ValueField } from "./value-field.tsx";

interface TemplateFieldsProps {
  prompt: Pick<PromptSummary, "id" | "description" | "variables">;
  /** Held to this version; the one in force when `null`. */
  version?: number | null;
  values: PromptValues;
  /** What the server said of a value, by the name of its variable. */
  errors?: Readonly<Record<string, string>>;
  onChange: (values: PromptValues) => void;
}

const typingMs = 300;
const noErrors = {};

/** What a run would be given with these values, as the server says it. */
export function usePromptPreview(promptId: string, values: PromptValues, version: number | null = null) {
  const [settled] = useDebouncedValue(values, typingMs);
  const body = { source: { kind: "stored" as const, id: promptId, version }, values: givenValues(settled) };
  return useQuery({
    queryKey: callKey("prompts.preview", body),
    queryFn: ({ signal }) => call("prompts.preview", { body }, { signal }),
    enabled: promptId !== "",
    placeholderData: keepPreviousData,
  });
}

/** The variables of a prompt, and the text they make. */
export function TemplateFields({ prompt, version = null, values, errors = noErrors, onChange }: TemplateFieldsProps) {
  const { data, error } = usePromptPreview(prompt.id, values, version);
  const variables = version === null ? prompt.variables : (data?.variables ?? prompt.variables);
  const others = (data?.issues ?? []).filter(
    ({ name, rule }) => rule !== "missing" || !variables.some((variable) => variable.name === name),
  );
  return (
    <div className={classes["template"]}>
      {prompt.description === "" ? null : <p className="dim">{prompt.description}</p>}
      {variables.map((variable) => (
        <ValueField
          key={variable.name}
          variable={variable}
          label={variable.isRequired && variable.default === null ? variable.name : `${variable.name} (optional)`}
          description={variable.description}
          value={fieldValue(variable, values[variable.name])}
          error={errors[variable.name]}
          onChange={(next) => {
            onChange({ ...values, [variable.name]: next });
          }}
        />
      ))}
      {others.map(({ name, message }) => (
        <Notice key={`${name ?? ""}${message}`} tone="warn">
          {message}
        </Notice>
      ))}
      {error === null ? null : <ErrorState title="The prompt cannot be shown" error={error} isCompact />}
      {data?.text === undefined || data.text === null ? null : (
        <details className={classes["preview"]}>
          <summary>{`What is sent, about ${data.estimatedTokens.toLocaleString("en")} tokens`}</summary>
          <pre tabIndex={0}>{data.text}</pre>
        </details>
      )}
    </div>
  );
}
