import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";

import type { McpState } from "../../../../contract/features/mcp.ts";
import { copyText } from "../../lib/clipboard.ts";
import { toast } from "../../lib/toasts.ts";
import { IconCopy } from "../../ui/icons.gen.ts";
import classes from "./mcp.module.css";
import { setUps, tokenPlace } from "./set-up-texts.ts";

/** How a program is told of PortOS; with the token in it while that is known. */
export function SetUp({ state, token = tokenPlace }: { state: Pick<McpState, "url" | "bridge">; token?: string }) {
  const all = setUps(state, token);
  const [id, setId] = useState("claude");
  const shown = all.find((one) => one.id === id) ?? all[0];
  if (shown === undefined) return null;
  const copy = async (): Promise<void> => {
    if (await copyText(shown.text)) toast({ kind: "ok", text: "Copied" });
  };
  return (
    <div className={classes["setUp"]}>
      <NativeSelect
        label="Program"
        className={classes["narrow"]}
        data={all.map(({ id: value, label }) => ({ value, label }))}
        value={shown.id}
        onChange={(event) => {
          setId(event.currentTarget.value);
        }}
      />
      <p className={classes["text"]}>{shown.where}</p>
      <div className={classes["block"]}>
        <pre className={classes["code"]} tabIndex={0} role="region" aria-label={`Set-up of ${shown.label}`}>
          {shown.text}
        </pre>
        <Button leftSection={<IconCopy size={14} />} onClick={() => void copy()}>
          Copy
        </Button>
      </div>
    </div>
  );
}
