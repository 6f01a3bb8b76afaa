import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { sentences } from "../../../contract/sentences.ts";
import { IconAlertTriangle } from "./icons.gen.ts";

import { ApiError, errorMessage, isWrongAddress } from "../lib/api-error.ts";
import { CopyText } from "./copy-text.tsx";
import classes from "./state.module.css";

interface ErrorStateProps {
  /** What happened: "Could not load the apps". */
  title: string;
  error: unknown;
  onRetry?: (() => void) | undefined;
  isCompact?: boolean;
}

/** A failure as the user needs it: what happened, why, what to do, and the id to look for in the logs. */
export function ErrorState({ title, error, onRetry, isCompact = false }: ErrorStateProps) {
  if (isWrongAddress(error))
    return (
      <Frame title="There is nothing at this address" isCompact={isCompact}>
        <p className={classes["text"]}>Check the address, or go on from the menu.</p>
      </Frame>
    );
  const hint = error instanceof ApiError ? error.hint : null;
  const correlationId = error instanceof ApiError ? error.correlationId : null;
  return (
    <Frame title={title} isCompact={isCompact}>
      <p className={classes["text"]}>{sentences(errorMessage(error), hint)}</p>
      {correlationId === null ? null : (
        <p className={classes["text"]}>
          Look for <CopyText text={correlationId} /> in the logs.
        </p>
      )}
      {onRetry === undefined ? null : (
        <div className={classes["actions"]}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </Frame>
  );
}

function Frame({ title, isCompact, children }: { title: string; isCompact: boolean; children: ReactNode }) {
  return (
    <div className={classes["state"]} data-compact={isCompact || undefined} role="alert">
      <span className={classes["mark"]} data-tone="bad" aria-hidden="true">
        <IconAlertTriangle size={20} stroke={1.6} />
      </span>
      <p className={classes["title"]}>{title}</p>
      {children}
    </div>
  );
}
