import { Textarea, TextInput } from "@mantine/core";

import { FormError } from "../../ui/form-error.tsx";
import type { PromptDraft } from "./prompt-draft.ts";
import classes from "./prompts.module.css";
import { VariableRows } from "./variable-rows.tsx";

interface EditorFieldsProps {
  draft: PromptDraft;
  errors: Readonly<Record<string, string>>;
  error: unknown;
  onChange: (draft: PromptDraft) => void;
}

/** Everything a prompt is made of. */
export function EditorFields({ draft, errors, error, onChange }: EditorFieldsProps) {
  return (
    <>
      <TextInput
        label="Title"
        maxLength={120}
        value={draft.title}
        error={errors["input.title"]}
        onChange={(event) => {
          onChange({ ...draft, title: event.currentTarget.value });
        }}
      />
      <TextInput
        label="Description"
        maxLength={300}
        value={draft.description}
        error={errors["input.description"]}
        onChange={(event) => {
          onChange({ ...draft, description: event.currentTarget.value });
        }}
      />
      <Textarea
        label="Text"
        description="{{name}} a value · {{#name}} … {{/name}} when it is set, or for each entry of a list · {{^name}} when not · {{> id}} another prompt"
        autosize
        minRows={10}
        maxRows={28}
        spellCheck={false}
        classNames={{ input: classes["body"] ?? "" }}
        value={draft.body}
        error={errors["input.body"]}
        onChange={(event) => {
          onChange({ ...draft, body: event.currentTarget.value });
        }}
      />
      <fieldset className={classes["group"]}>
        <legend>Variables</legend>
        <VariableRows
          variables={draft.variables}
          errors={errors}
          onChange={(variables) => {
            onChange({ ...draft, variables });
          }}
        />
      </fieldset>
      <FormError error={error} shown={Object.keys(errors)} />
    </>
  );
}
