import { ActionIcon, Button } from "@mantine/core";
import {
  IconArchive,
  IconArchiveOff,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconTrash,
} from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import { actionsOf, useActions } from "../../lib/actions.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import type { Icon } from "../../ui/icon.ts";
import classes from "./apps.module.css";
import { archiveApp, removeApp, runApp, type Verb } from "./use-apps.ts";

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

/** Whether anything of an app runs or is about to. */
export function isAppRunning({ status, onlineCount }: App): boolean {
  return status === "online" || status === "launching" || onlineCount > 0;
}

/** The menu of an app: everything the registry knows about it, then archive and delete. */
export function AppMenu({ app, onRemoved }: { app: App; onRemoved?: () => void }) {
  const known = actionsOf(useActions(), `app:${app.id}`);
  const own: MenuItem[] = [
    {
      id: "archive",
      label: app.isArchived ? "Take out of the archive" : "Archive",
      icon: app.isArchived ? IconArchiveOff : IconArchive,
      run: () => archiveApp(app, !app.isArchived),
    },
    {
      id: "remove",
      label: `Delete ${app.name}`,
      icon: IconTrash,
      isDangerous: true,
      run: async () => {
        if (await removeApp(app)) onRemoved?.();
      },
    },
  ];
  return <ActionMenu label={`Actions for ${app.name}`} items={[...known, ...own]} />;
}
