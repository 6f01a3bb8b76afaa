import { ActionIcon, Button } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from "./icons.gen.ts";
import { useState } from "react";

import type { App } from "../../../contract/features/apps.ts";
import { runApp, type Verb } from "../lib/run-app.ts";
import type { Icon } from "./icon.ts";
import classes from "./run-controls.module.css";

interface RunControlsProps {
  app: App;
  /** One process instead of the whole app. */
  process?: string;
  isRunning: boolean;
  /** Buttons with words instead of icons. */
  isLarge?: boolean;
}

/** Start, or restart and stop; disabled while one of them is under way. */
export function RunControls({ app, process, isRunning, isLarge = false }: RunControlsProps) {
  const [busy, setBusy] = useState<Verb | null>(null);
  const what = process === undefined ? app.name : `${app.name} / ${process}`;
  const act = async (verb: Verb): Promise<void> => {
    setBusy(verb);
    await runApp(app, verb, process);
    setBusy(null);
  };
  const button = (label: string, ButtonIcon: Icon, verb: Verb, isMain = false) =>
    isLarge ? (
      <Button
        key={verb}
        leftSection={<ButtonIcon size={15} />}
        loading={busy === verb}
        disabled={(busy !== null && busy !== verb) || app.isArchived}
        {...(isMain ? { variant: "filled" } : {})}
        onClick={() => void act(verb)}
      >
        {label}
      </Button>
    ) : (
      <ActionIcon
        key={verb}
        className={classes["control"] ?? ""}
        aria-label={`${label} ${what}`}
        title={label}
        loading={busy === verb}
        disabled={(busy !== null && busy !== verb) || app.isArchived}
        onClick={() => void act(verb)}
      >
        <ButtonIcon size={16} />
      </ActionIcon>
    );
  return (
    <span className={classes["controls"]}>
      {isRunning
        ? [button("Restart", IconRefresh, "restart"), button("Stop", IconPlayerStop, "stop")]
        : button("Start", IconPlayerPlay, "start", true)}
    </span>
  );
}
