import { Button } from "@mantine/core";
import { useId, useState } from "react";

import type { PermissionRequest } from "../../../contract/features/run-events.ts";
import { CallEdits, CallInput } from "./call-detail.tsx";
import { IconHandStop } from "./icons.gen.ts";
import classes from "./permission-question.module.css";
import { Time } from "./time.tsx";

interface PermissionQuestionProps {
  request: PermissionRequest;
  /** Questions that wait behind this one. */
  more?: number;
  /** `null` denies. Resolves whether it was taken. */
  onAnswer: (optionId: string | null, reason: string | null) => Promise<boolean>;
}

type Option = PermissionRequest["options"][number];

const order = ["allow-once", "allow-always"] as const;

/** A question of an agent: exactly what would happen, where, and the answers it offers. */
export function PermissionQuestion({ request, more = 0, onAnswer }: PermissionQuestionProps) {
  const [isBusy, setIsBusy] = useState(false);
  const [reason, setReason] = useState<string | null>(null);
  const reasonId = useId();
  const { call, folder, options, askedAt } = request;
  const deny = options.find(({ kind }) => kind === "deny-once") ?? null;
  const allow = order.flatMap((kind) => options.filter((option) => option.kind === kind));
  const answer = async (optionId: string | null): Promise<void> => {
    setIsBusy(true);
    const text = reason?.trim() ?? "";
    const isTaken = await onAnswer(optionId, text === "" ? null : text);
    if (!isTaken) setIsBusy(false);
  };
  return (
    <div className={classes["question"]} role="group" aria-label={`Question: ${call.title}`}>
      <div className={classes["head"]}>
        <IconHandStop size={16} />
        <span className={classes["title"]}>{call.title}</span>
        <span className={classes["when"]}>
          <Time iso={askedAt} />
        </span>
      </div>
      <div className={classes["what"]}>
        {call.edits.length === 0 ? <CallInput call={call} /> : <CallEdits edits={call.edits} />}
        <p className={classes["folder"]}>
          in <span className="mono">{folder}</span>
        </p>
      </div>
      {reason === null ? null : (
        <>
          <label htmlFor={reasonId} className={classes["label"]}>
            Why not? The agent is told.
          </label>
          <textarea
            id={reasonId}
            className={classes["reason"]}
            rows={2}
            maxLength={2_000}
            value={reason}
            autoFocus
            onChange={(event) => {
              setReason(event.currentTarget.value);
            }}
          />
        </>
      )}
      <div className={classes["answers"]}>
        {reason === null ? (
          <>
            {allow.map((option, index) => (
              <Button
                key={option.optionId}
                size="sm"
                variant={index === 0 ? "filled" : "default"}
                disabled={isBusy}
                onClick={() => void answer(option.optionId)}
              >
                {allowLabel(option)}
              </Button>
            ))}
            <Button size="sm" disabled={isBusy} onClick={() => void answer(deny?.optionId ?? null)}>
              Deny
            </Button>
            <Button
              size="sm"
              variant="subtle"
              color="gray"
              disabled={isBusy}
              onClick={() => {
                setReason("");
              }}
            >
              Deny with a reason
            </Button>
          </>
        ) : (
          <>
            <Button
              size="sm"
              variant="filled"
              disabled={isBusy || reason.trim() === ""}
              onClick={() => void answer(deny?.optionId ?? null)}
            >
              Deny and say so
            </Button>
            <Button
              size="sm"
              disabled={isBusy}
              onClick={() => {
                setReason(null);
              }}
            >
              Back
            </Button>
          </>
        )}
        {more === 0 ? null : <span className={classes["more"]}>{`${String(more)} more after this`}</span>}
      </div>
    </div>
  );
}

function allowLabel({ kind, name }: Option): string {
  return kind === "allow-once" ? "Allow once" : name;
}
