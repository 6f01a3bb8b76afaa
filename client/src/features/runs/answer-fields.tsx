import { Select, Textarea } from "@mantine/core";

import type { RunDraft } from "./composer-draft.ts";
import classes from "./composer.module.css";

interface AnswerFieldsProps {
  draft: Pick<RunDraft, "answer" | "schema">;
  /** What is wrong with the schema. */
  error: string | undefined;
  onChange: (patch: Partial<RunDraft>) => void;
}

/** What kind of answer is wanted: words, or JSON that fits a schema. */
export function AnswerFields({ draft, error, onChange }: AnswerFieldsProps) {
  return (
    <fieldset className={classes["group"]}>
      <legend>The answer</legend>
      <Select
        aria-label="Kind of answer"
        allowDeselect={false}
        data={[
          { value: "text", label: "as the agent likes" },
          { value: "json", label: "JSON, from APIs only" },
        ]}
        value={draft.answer}
        onChange={(value) => {
          onChange({ answer: value === "json" ? "json" : "text" });
        }}
      />
      {draft.answer === "json" ? (
        <Textarea
          label="JSON Schema it must fit"
          placeholder={'{ "type": "object", "properties": { "title": { "type": "string" } } }'}
          description="An answer that does not fit is a failure, and the next provider is asked. It is kept as answer.json."
          classNames={{ input: "mono" }}
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          value={draft.schema}
          error={error}
          onChange={(event) => {
            onChange({ schema: event.currentTarget.value });
          }}
        />
      ) : null}
    </fieldset>
  );
}
