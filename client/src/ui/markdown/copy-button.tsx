import { ActionIcon } from "@mantine/core";
import { useState } from "react";

import { copyText } from "../../lib/clipboard.ts";
import { IconCheck, IconCopy } from "../icons.gen.ts";

const shownMs = 1_500;

/** Copies a text when pressed, and says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) return;
    setIsCopied(true);
    setTimeout(() => {
      setIsCopied(false);
    }, shownMs);
  };
  return (
    <ActionIcon size={24} aria-label={isCopied ? "Copied" : label} title={label} onClick={() => void copy()}>
      {isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
    </ActionIcon>
  );
}
