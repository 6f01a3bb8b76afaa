import { Button, Textarea } from "@mantine/core";
import { useState } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { IconSend } from "../../ui/icons.gen.ts";
import { sayToRun } from "./run-calls.ts";
import classes from "./run-page.module.css";

/** A further message to the same agent. */
export function SayBox({ run }: { run: Run }) {
  const [text, setText] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const say = async (): Promise<void> => {
    if (text.trim() === "" || isBusy) return;
    setIsBusy(true);
    const isDone = await sayToRun(run, text);
    setIsBusy(false);
    if (isDone) setText("");
  };
  return (
    <form
      className={classes["say"]}
      onSubmit={(event) => {
        event.preventDefault();
        void say();
      }}
    >
      <Textarea
        className={classes["sayField"] ?? ""}
        aria-label="Say more to this run"
        placeholder="Say more… it goes on where it left off"
        autosize
        minRows={1}
        maxRows={8}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void say();
        }}
      />
      <Button
        type="submit"
        size="sm"
        variant="filled"
        disabled={isBusy || text.trim() === ""}
        leftSection={<IconSend size={14} />}
      >
        Send
      </Button>
    </form>
  );
}
