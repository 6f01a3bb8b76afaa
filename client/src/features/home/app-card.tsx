import { ActionIcon } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconExternalLink, IconPlayerPlay, IconPlayerStop, IconRefresh } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import { actionsOf, useActions } from "../../lib/actions.ts";
import { call } from "../../lib/api.ts";
import { appLinkUrl } from "../../lib/app-links.ts";
import { formatBytes, formatPercent } from "../../lib/format.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AppIcon } from "../../ui/app-icon.tsx";
import type { Icon } from "../../ui/icon.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./app-card.module.css";

interface AppCardProps {
  app: App;
  usage: { cpuPercent: number; memoryBytes: number };
  cpuSeries: readonly (number | null)[];
}

/** One app on Home: how it is, what it uses, and the actions one needs most. */
export function AppCard({ app, usage, cpuSeries }: AppCardProps) {
  const isRunning = app.status === "online" || app.status === "launching";
  const actions = actionsOf(useActions(), `app:${app.id}`);
  return (
    <article className={classes["card"]} aria-label={app.name}>
      <div className={classes["head"]}>
        <AppIcon app={app} size={32} />
        <div className={classes["names"]}>
          <Link to="/apps/$appId" params={{ appId: app.id }} className={classes["name"]}>
            {app.name}
          </Link>
          <StatusBadge status={app.status} isCompact />
        </div>
        <ActionMenu label={`Actions for ${app.name}`} items={actions} className={classes["menu"]} />
      </div>
      <div className={classes["usage"]}>
        <span className={classes["figure"]}>
          <span>CPU</span>
          {isRunning ? formatPercent(usage.cpuPercent) : "–"}
        </span>
        <span className={classes["figure"]}>
          <span>Memory</span>
          {isRunning ? formatBytes(usage.memoryBytes) : "–"}
        </span>
        <span className={classes["line"]}>
          {cpuSeries.some((value) => value !== null) ? (
            <Sparkline
              values={cpuSeries}
              label={`CPU of ${app.name} in the last hour`}
              format={formatPercent}
              height={26}
            />
          ) : null}
        </span>
      </div>
      <div className={classes["foot"]}>
        <Links app={app} />
        <Controls app={app} isRunning={isRunning} />
      </div>
    </article>
  );
}

function Links({ app }: { app: App }) {
  const ports = app.processes.flatMap((process) => process.ports);
  const links =
    app.links.length > 0
      ? app.links
      : ports.map((port) => ({ kind: "port" as const, label: `:${String(port)}`, port, path: "/" }));
  return (
    <div className={classes["links"]}>
      {links.slice(0, 2).map((link) => (
        <a
          key={link.label}
          href={appLinkUrl(link, location.hostname)}
          target="_blank"
          rel="noreferrer"
          className={classes["link"]}
        >
          <IconExternalLink size={13} />
          <span className="truncate">{link.label}</span>
        </a>
      ))}
    </div>
  );
}

function Controls({ app, isRunning }: { app: App; isRunning: boolean }) {
  const [isBusy, setIsBusy] = useState(false);
  const { id, name } = app;
  const act = async (verb: "start" | "stop" | "restart"): Promise<void> => {
    setIsBusy(true);
    const isDone = await withErrorToast(`Could not ${verb} ${name}`, () => call(`apps.${verb}`, { params: { id } }));
    setIsBusy(false);
    if (isDone && verb === "stop") undoToast(`Stopped ${name}`, () => call("apps.start", { params: { id } }));
  };
  const button = (label: string, ButtonIcon: Icon, verb: "start" | "stop" | "restart") => (
    <ActionIcon
      className={classes["control"] ?? ""}
      aria-label={`${label} ${name}`}
      title={label}
      disabled={isBusy}
      onClick={() => void act(verb)}
    >
      <ButtonIcon size={16} />
    </ActionIcon>
  );
  return (
    <div className={classes["controls"]}>
      {isRunning ? button("Restart", IconRefresh, "restart") : null}
      {isRunning ? button("Stop", IconPlayerStop, "stop") : button("Start", IconPlayerPlay, "start")}
    </div>
  );
}
