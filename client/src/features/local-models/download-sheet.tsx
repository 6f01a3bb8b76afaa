import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { LocalServer } from "../../../../contract/features/local-models.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./local-models.module.css";

interface DownloadSheetProps {
  server: LocalServer;
  isOpen: boolean;
  onClose: () => void;
}

const names: Record<LocalServer["kind"], { example: string; description: string }> = {
  ollama: { example: "llama3.2:3b", description: "A name of the library at ollama.com, with its tag" },
  lmstudio: { example: "qwen/qwen3-4b", description: "A name of LM Studio's catalogue, or a Hugging Face address" },
};

/** Names a model; the server itself downloads it. */
export function DownloadSheet(props: DownloadSheetProps) {
  return (
    <SideSheet title={`Download with ${props.server.name}`} isOpen={props.isOpen} onClose={props.onClose}>
      {props.isOpen ? <DownloadForm {...props} /> : null}
    </SideSheet>
  );
}

function DownloadForm({ server: { kind, name, abilities }, onClose }: DownloadSheetProps) {
  const [model, setModel] = useState("");
  const download = useMutation({
    mutationFn: () => call("localModels.download", { params: { kind }, body: { model } }),
    onSuccess: onClose,
  });
  const errors = fieldErrors(download.error);
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        download.mutate();
      }}
    >
      <TextInput
        label="Model"
        description={names[kind].description}
        placeholder={names[kind].example}
        data-autofocus
        classNames={{ input: "mono" }}
        value={model}
        error={errors["model"]}
        onChange={(event) => {
          setModel(event.currentTarget.value);
        }}
      />
      <p className="dim">
        {name} fetches it from the internet. It goes on when you leave this page.
        {abilities.cancelDownload === null ? "" : ` ${abilities.cancelDownload}`}
      </p>
      <FormError error={download.error} shown={Object.keys(errors)} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={download.isPending}>
          Download
        </Button>
      </div>
    </form>
  );
}
