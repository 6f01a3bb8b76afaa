import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";

import { lineDefaults, parseTaskLine } from "../../../../contract/task-line.ts";
import { ApiError, errorMessage } from "../../lib/api-error.ts";
import { localId } from "../../lib/clipboard.ts";
import { IconPlus } from "../../ui/icons.gen.ts";
import classes from "./board.module.css";
import { addTask } from "./task-calls.ts";
import { priorityLabels } from "./task-words.ts";

interface QuickAddProps {
  /** Apps that can be named. */
  apps: readonly { id: string; name: string }[];
  /** App and type of what is shown: a task without others gets these. */
  app: string;
  type: string;
  isFocused: boolean;
  /** It is on the board now, in this column. */
  onAdded: (column: "ready" | "draft") => void;
}

/** One line, one task: Enter adds it. */
export function QuickAdd({ apps, app, type, isFocused, onAdded }: QuickAddProps) {
  const client = useQueryClient();
  const hint = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  /** Enter pressed twice, or again after an answer that never came, adds what stands there once. */
  const [key, setKey] = useState(localId);
  const [error, setError] = useState<string | null>(null);
  const [isAdding, setIsAdding] = useState(false);
  useEffect(() => {
    if (isFocused) input.current?.focus();
  }, [isFocused]);
  const line = parseTaskLine(text);
  const appId = line.appId ?? (app === "" ? null : app);
  const isKnownApp = appId === null || apps.some(({ id }) => id === appId);

  async function add(state: "ready" | "draft"): Promise<void> {
    if (line.title === "" || isAdding) return;
    setIsAdding(true);
    try {
      await addTask(client, {
        title: line.title,
        type: line.type ?? (type === "" ? lineDefaults.type : type),
        priority: line.priority ?? lineDefaults.priority,
        appId,
        template: line.prompt === null ? null : { promptId: line.prompt },
        state,
        key,
      });
      setText("");
      setKey(localId());
      setError(null);
      onAdded(state);
    } catch (failure) {
      const isDeleted = failure instanceof ApiError && failure.code === "conflict";
      if (isDeleted) setKey(localId());
      setError(isDeleted ? `${errorMessage(failure)}. Enter adds it once more.` : errorMessage(failure));
    } finally {
      setIsAdding(false);
      input.current?.focus();
    }
  }

  return (
    <div className={classes["quick"]}>
      <div className={classes["quickLine"]}>
        <TextInput
          ref={input}
          aria-label="New task"
          aria-describedby={hint}
          placeholder="New task, as in: Fix the login #fix !high @shop"
          leftSection={<IconPlus size={14} />}
          value={text}
          error={error}
          maxLength={400}
          enterKeyHint="done"
          readOnly={isAdding}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setKey(localId());
            setError(null);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void add(event.shiftKey ? "draft" : "ready");
          }}
        />
        <Button
          className="phone-only"
          variant="filled"
          disabled={line.title === "" || isAdding}
          onClick={() => void add("ready")}
        >
          Add
        </Button>
      </div>
      <div id={hint} className={classes["hint"]}>
        {line.title === "" ? (
          <span>
            <b>#type</b> <b>!priority</b> <b>@app</b> <b>%prompt</b> at the end say more.
            <span className="desktop-only"> Enter adds it, Shift Enter as a draft.</span>
          </span>
        ) : (
          <>
            <span className={classes["type"]}>{line.type ?? (type === "" ? lineDefaults.type : type)}</span>
            <span>{priorityLabels[line.priority ?? lineDefaults.priority]} priority</span>
            <span data-missing={!isKnownApp || undefined}>
              {appId === null ? "no app" : isKnownApp ? `in ${appId}` : `there is no app ${appId}`}
            </span>
            {line.prompt === null ? null : <span>by the prompt {line.prompt}</span>}
            <span className="desktop-only">Enter adds it, Shift Enter as a draft</span>
          </>
        )}
      </div>
    </div>
  );
}
