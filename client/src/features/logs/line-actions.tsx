import { ActionIcon, Button } from "@mantine/core";
import { IconCopy, IconLink, IconX } from "../../ui/icons.gen.ts";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { copyText } from "../../lib/clipboard.ts";
import { formatCount } from "../../lib/format.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { plainText } from "../../ui/ansi.ts";
import { formatLogDate, type LogTimes } from "./log-time.ts";
import type { WindowLine } from "./log-window.ts";
import classes from "./logs-page.module.css";

interface LineActionsProps {
  /** In the order they are shown in. */
  lines: readonly WindowLine[];
  times: LogTimes;
  sourceOf(stream: string): string;
  linkTo(line: WindowLine): string;
  onClose(): void;
}

/** What can be done with the selected lines. */
export function LineActions({ lines, times, sourceOf, linkTo, onClose }: LineActionsProps) {
  const [whole, setWhole] = useState<string | null>(null);
  const [first] = lines;
  if (!first) return null;

  return (
    <div className={classes["lineActions"]} role="toolbar" aria-label="Selected lines">
      <span className={classes["selected"]}>{formatCount(lines.length, "line")}</span>
      <Button
        leftSection={<IconCopy size={14} />}
        onClick={() => void copy(lines.map((line) => lineText(line, times)).join("\n"), "Copied")}
      >
        Copy
      </Button>
      <Button leftSection={<IconLink size={14} />} onClick={() => void copy(linkTo(first), "Link copied")}>
        Copy link
      </Button>
      {first.cutBytes > 0 && lines.length === 1 ? (
        <Button
          onClick={() =>
            void withErrorToast("Could not read the whole line", async () => {
              const { text } = await call("logs.line", { query: { source: sourceOf(first.stream), id: first.id } });
              setWhole(plainText(text));
            })
          }
        >
          Whole line
        </Button>
      ) : null}
      <ActionIcon aria-label="Clear the selection" onClick={onClose}>
        <IconX size={16} />
      </ActionIcon>
      <SideSheet
        title="Whole line"
        isOpen={whole !== null}
        onClose={() => {
          setWhole(null);
        }}
        width={720}
      >
        <pre className={classes["whole"]}>{whole}</pre>
      </SideSheet>
    </div>
  );
}

/** A line as it is copied: its time in front, when times are shown. */
function lineText(line: WindowLine, times: LogTimes): string {
  const text = plainText(line.text);
  return times === "off" || line.time === null ? text : `${formatLogDate(line.time, times)}  ${text}`;
}

async function copy(text: string, done: string): Promise<void> {
  const isCopied = await copyText(text);
  toast(isCopied ? { kind: "ok", text: done } : { kind: "bad", text: "This browser does not allow copying" });
}
