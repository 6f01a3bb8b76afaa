import { Button, Checkbox, FileButton, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { OpenApiImport } from "../../../../contract/features/custom-connectors.ts";
import { call } from "../../lib/api.ts";
import { effectWords } from "../../lib/gateway-words.ts";
import { FormError } from "../../ui/form-error.tsx";
import { IconPaperclip } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";

/** Reads an OpenAPI document and lets one choose what of it becomes a connector. */
export function OpenApiStep({ onDraft }: { onDraft: (draft: Values) => void }) {
  const [document, setDocument] = useState("");
  const read = useMutation({
    mutationFn: (text: string) => call("customConnectors.readOpenApi", { body: { document: text } }),
  });
  const take = async (file: File | null): Promise<void> => {
    if (file === null) return;
    const text = await file.text();
    setDocument(text);
    read.mutate(text);
  };
  if (read.data !== undefined) return <ChooseOperations draft={read.data} onDraft={onDraft} />;
  return (
    <div className={classes["form"]}>
      <Textarea
        label="OpenAPI document"
        description="JSON or YAML, 3.x. Nothing is called, and nothing is kept before you add it."
        minRows={8}
        maxRows={16}
        autosize
        spellCheck={false}
        classNames={{ input: "mono" }}
        value={document}
        onChange={(event) => {
          setDocument(event.currentTarget.value);
        }}
      />
      <FormError error={read.error} />
      <div className={classes["buttons"]}>
        <Button
          variant="filled"
          disabled={document.trim() === ""}
          loading={read.isPending}
          onClick={() => {
            read.mutate(document);
          }}
        >
          Read it
        </Button>
        <FileButton onChange={(file) => void take(file)}>
          {(props) => (
            <Button {...props} leftSection={<IconPaperclip size={14} />}>
              Choose a file
            </Button>
          )}
        </FileButton>
      </div>
    </div>
  );
}

function ChooseOperations({ draft, onDraft }: { draft: OpenApiImport; onDraft: (draft: Values) => void }) {
  const { operations, warnings, ...rest } = draft;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(operations.filter(({ effect }) => effect === "read").map(({ name }) => name)),
  );
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = operations.filter(({ name, title, path }) => `${name} ${title} ${path}`.toLowerCase().includes(wanted));
  const choose = (names: readonly string[], isChosen: boolean): void => {
    const next = new Set(chosen);
    for (const name of names) {
      if (isChosen) next.add(name);
      else next.delete(name);
    }
    setChosen(next);
  };
  const names = shown.map(({ name }) => name);
  return (
    <div className={classes["form"]}>
      {warnings.length === 0 ? null : <Warnings warnings={warnings} />}
      <TextInput
        label={`Operations of ${draft.title}`}
        placeholder="Find an operation"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <div className={classes["buttons"]}>
        <Button
          onClick={() => {
            choose(names, true);
          }}
        >
          Choose these
        </Button>
        <Button
          onClick={() => {
            choose(names, false);
          }}
        >
          Choose none of these
        </Button>
        <span className={classes["sub"]} role="status">
          {`${String(chosen.size)} of ${String(operations.length)} chosen`}
        </span>
      </div>
      <div className={classes["choices"]}>
        {shown.map(({ name, title, method, path, effect }) => (
          <Checkbox
            key={name}
            label={title}
            description={`${effectWords[effect]} · ${method} ${path}`}
            checked={chosen.has(name)}
            onChange={(event) => {
              choose([name], event.currentTarget.checked);
            }}
          />
        ))}
      </div>
      <div>
        <Button
          variant="filled"
          disabled={chosen.size === 0}
          onClick={() => {
            onDraft({ ...rest, operations: operations.filter(({ name }) => chosen.has(name)) });
          }}
        >
          Go on
        </Button>
      </div>
    </div>
  );
}

function Warnings({ warnings }: Pick<OpenApiImport, "warnings">) {
  return (
    <Notice tone="warn">
      <p>Not everything could be taken over:</p>
      <ul className={classes["problems"]}>
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Notice>
  );
}
