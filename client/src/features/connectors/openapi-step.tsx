import { Button, FileButton, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { IconPaperclip } from "../../ui/icons.gen.ts";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import { ChooseOperations } from "./choose-operations.tsx";
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
