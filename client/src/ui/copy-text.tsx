import { IconCheck, IconCopy } from "./icons.gen.ts";
import { useState } from "react";

import { copyText } from "../lib/clipboard.ts";
import classes from "./copy-text.module.css";

/** Machine text (id, path, command) that copies itself when pressed. */
export function CopyText({ text, label }: { text: string; label?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) return;
    setIsCopied(true);
    setTimeout(() => {
      setIsCopied(false);
    }, 1500);
  };
  return (
    <button type="button" className={classes["copy"]} onClick={() => void copy()} title={text}>
      <code className="truncate">{label ?? text}</code>
      {isCopied ? <IconCheck size={13} /> : <IconCopy size={13} />}
      <span className="visually-hidden" aria-live="polite">
        {isCopied ? "Copied" : "Copy"}
      </span>
    </button>
  );
}
