import { Button, FileButton } from "@mantine/core";
import { useId, useState } from "react";

import { formatBytes } from "../../lib/format.ts";
import { IconPaperclip } from "../icons.gen.ts";
import type { FieldProps } from "./schema-form.tsx";
import classes from "./schema-form.module.css";

/** Bytes as base64: a file of this device. */
export function FileField({ field, value, error, onChange }: FieldProps) {
  const id = useId();
  const [name, setName] = useState<string | null>(null);
  const isGiven = typeof value === "string" && value !== "";
  const take = async (file: File | null): Promise<void> => {
    if (file === null) return;
    setName(file.name);
    onChange(toBase64(new Uint8Array(await file.arrayBuffer())));
  };
  return (
    <div className={classes["file"]} role="group" aria-labelledby={id}>
      <span id={id} className={classes["legend"]}>
        {field.label}
      </span>
      {field.description === "" ? null : <p className={classes["description"]}>{field.description}</p>}
      <div className={classes["line"]}>
        <FileButton onChange={(file) => void take(file)}>
          {(props) => (
            <Button {...props} leftSection={<IconPaperclip size={14} />}>
              Choose a file
            </Button>
          )}
        </FileButton>
        {isGiven ? (
          <>
            <span className="dim">
              {name ?? "given"}, {formatBytes(Math.floor((value.length * 3) / 4))}
            </span>
            <Button
              variant="subtle"
              color="gray"
              onClick={() => {
                onChange(undefined);
              }}
            >
              Leave it out
            </Button>
          </>
        ) : null}
      </div>
      {error === undefined ? null : <p className={classes["error"]}>{error}</p>}
    </div>
  );
}

const chunkBytes = 32_768;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += chunkBytes)
    text += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  return btoa(text);
}
