import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import type { PromptInput, PromptIssue, PromptValue } from "../../../../contract/features/prompts.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { givenValues } from "../../lib/prompt-values.ts";
import classes from "./prompts.module.css";
import { ValueField } from "../../ui/value-field.tsx";

export type Values = Readonly<Record<string, PromptValue | null>>;

interface PreviewPaneProps {
  id: string;
  input: PromptInput;
  values: Values;
  onValues: (values: Values) => void;
  /** Declares a variable the text uses. */
  onDeclare: (name: string) => void;
}

const quietMs = 250;

/** What a run would be given, as the prompt stands in the editor: a field for each variable, then the text. */
export function PreviewPane({ id, input, values, onValues, onDeclare }: PreviewPaneProps) {
  const [settled] = useDebouncedValue(
    JSON.stringify({ variables: input.variables, body: input.body, values }),
    quietMs,
  );
  const { data, error } = useQuery({
    queryKey: callKey("prompts.preview", settled),
    queryFn: ({ signal }) => {
      const draft = JSON.parse(settled) as Pick<PromptInput, "variables" | "body"> & { values: Values };
      const source = { kind: "draft", id, variables: draft.variables, body: draft.body } as const;
      return call("prompts.preview", { body: { source, values: givenValues(draft.values) } }, { signal });
    },
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  const variables = data?.variables ?? input.variables;
  // a value that was typed for a variable that is gone does no harm
  const issues = data?.issues.filter(({ rule }) => rule !== "unknown-value") ?? [];
  return (
    <div className={classes["preview"]}>
      {variables.length === 0 ? null : (
        <div className={classes["values"]} role="group" aria-label="Values">
          {variables.map((variable) => (
            <ValueField
              key={variable.name}
              variable={variable}
              label={variable.name}
              description={variable.description}
              value={values[variable.name] ?? variable.default}
              error={issues.find(({ rule, name }) => rule === "wrong-type" && name === variable.name)?.message}
              onChange={(value) => {
                onValues({ ...values, [variable.name]: value });
              }}
            />
          ))}
        </div>
      )}
      <Issues issues={issues} onDeclare={onDeclare} />
      {data === undefined && error !== null ? <ErrorState title="There is no preview" error={error} isCompact /> : null}
      {data === undefined || data.text === null ? null : (
        <>
          <p className={classes["estimate"]} aria-live="polite">
            About {data.estimatedTokens.toLocaleString("en")} tokens · {data.characters.toLocaleString("en")} characters
            <span className="dim"> · an estimate: one token for every four characters</span>
          </p>
          <pre className={classes["text"]} tabIndex={0} role="region" aria-label="Text of the prompt">
            {data.text}
          </pre>
        </>
      )}
    </div>
  );
}

function Issues({ issues, onDeclare }: { issues: readonly PromptIssue[]; onDeclare: (name: string) => void }) {
  if (issues.length === 0) return null;
  const isOnlyMissing = issues.every(({ rule }) => rule === "missing");
  return (
    <Notice tone={isOnlyMissing ? "info" : "warn"}>
      <ul className={classes["issues"]} data-single={issues.length === 1 || undefined}>
        {issues.map(({ rule, name, message }) => (
          <li key={rule + message}>
            {message}{" "}
            {rule === "not-declared" && name !== null ? (
              <Button
                onClick={() => {
                  onDeclare(name);
                }}
              >
                Declare {name}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
