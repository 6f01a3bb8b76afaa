import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";

import type { PromptSummary, PromptValue } from "../../../../contract/features/prompts.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { givenValues, type PromptValues } from "./composer-draft.ts";
import classes from "./composer.module.css";

/** The field for one variable of a prompt. */
export type ValueField = ComponentType<{
  variable: PromptSummary["variables"][number];
  label: string;
  value: PromptValue | null;
  error?: string | undefined;
  description?: string;
  onChange: (value: PromptValue | null) => void;
}>;

interface TemplateFieldsProps {
  prompt: PromptSummary;
  values: PromptValues;
  field: ValueField;
  onChange: (values: PromptValues) => void;
}

const typingMs = 300;

/** What a run would be given with these values, as the server says it. */
export function usePromptPreview(promptId: string, values: PromptValues) {
  const [settled] = useDebouncedValue(values, typingMs);
  const body = { source: { kind: "stored" as const, id: promptId }, values: givenValues(settled) };
  return useQuery({
    queryKey: callKey("prompts.preview", body),
    queryFn: ({ signal }) => call("prompts.preview", { body }, { signal }),
    enabled: promptId !== "",
    placeholderData: keepPreviousData,
  });
}

/** The variables of a prompt, and the text they make. */
export function TemplateFields({ prompt, values, field: Field, onChange }: TemplateFieldsProps) {
  const { data, error } = usePromptPreview(prompt.id, values);
  const others = (data?.issues ?? []).filter(
    ({ name, rule }) => rule !== "missing" || !prompt.variables.some((variable) => variable.name === name),
  );
  return (
    <div className={classes["template"]}>
      {prompt.description === "" ? null : <p className="dim">{prompt.description}</p>}
      {prompt.variables.map((variable) => {
        const value = values[variable.name] ?? null;
        return (
          <Field
            key={variable.name}
            variable={variable}
            label={variable.isRequired && variable.default === null ? variable.name : `${variable.name} (optional)`}
            description={variable.description}
            value={value}
            onChange={(next) => {
              onChange({ ...values, [variable.name]: next });
            }}
          />
        );
      })}
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
