import { Button } from "@mantine/core";
import { useState } from "react";

import { formatBytes } from "../../lib/format.ts";
import { IconDownload } from "../../ui/icons.gen.ts";
import { bytesOf, sizeOf, type HeldFile } from "./held-file.ts";

/** Saves a file that came back with a result, under its own name. */
export function SaveFile({ file }: { file: HeldFile }) {
  const [isBroken, setIsBroken] = useState(false);
  const save = (): void => {
    const bytes = bytesOf(file);
    setIsBroken(bytes === null);
    if (bytes === null) return;
    // Never with its own type: a page must not be opened under this address.
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = file.name;
    link.click();
    setTimeout(() => {
      URL.revokeObjectURL(address);
    }, 60_000);
  };
  return (
    <>
      <Button leftSection={<IconDownload size={14} />} onClick={save}>
        Save {file.name}
      </Button>
      <span className="dim">{isBroken ? "Its bytes cannot be read" : formatBytes(sizeOf(file))}</span>
    </>
  );
}
