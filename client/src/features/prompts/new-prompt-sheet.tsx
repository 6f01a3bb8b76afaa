import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./prompts.module.css";

/** Title and text of a new prompt; everything else is done in its editor. */
export function NewPromptSheet(props: { isOpen: boolean; onClose: () => void; onCreated: (id: string) => unknown }) {
  return (
    <SideSheet title="New prompt" isOpen={props.isOpen} onClose={props.onClose} width={560}>
      {props.isOpen ? <NewPromptForm {...props} /> : null}
    </SideSheet>
  );
}

function NewPromptForm({ onClose, onCreated }: { onClose: () => void; onCreated: (id: string) => unknown }) {
  const [title, setTitle] = useState("");
  const [body, setBody] = useState("");
  const create = useMutation({
    mutationFn: () => call("prompts.create", { body: { input: { title, body } } }),
    onSuccess: ({ summary }) => onCreated(summary.id),
  });
  const errors = fieldErrors(create.error);
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <TextInput
        label="Title"
        placeholder="Review a diff"
        maxLength={120}
        data-autofocus
        value={title}
        error={errors["input.title"]}
        onChange={(event) => {
          setTitle(event.currentTarget.value);
        }}
      />
      <Textarea
        label="Text"
        description="{{name}} stands for a variable; you declare it in the next step"
        placeholder={"Review this change:\n\n{{diff}}"}
        autosize
        minRows={8}
        maxRows={20}
        classNames={{ input: "mono" }}
        value={body}
        error={errors["input.body"]}
        onChange={(event) => {
          setBody(event.currentTarget.value);
        }}
      />
      <FormError error={create.error} shown={["input.title", "input.body"]} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={create.isPending}>
          Create
        </Button>
      </div>
    </form>
  );
}
