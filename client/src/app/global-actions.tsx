import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  IconBrandVscode,
  IconCalendarRepeat,
  IconExternalLink,
  IconFileText,
  IconOctagonMinus,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconRefresh,
  IconRobot,
  IconTerminal2,
} from "../ui/icons.gen.ts";
import { useEffect } from "react";

import type { App } from "../../../contract/features/apps.ts";
import type { AutomationView } from "../../../contract/features/automations.ts";
import { useAutomationActions } from "../features/automations/use-automation-actions.ts";
import { useLogActions } from "../features/logs/use-log-actions.ts";
import { registerTerminalActions } from "../features/terminal/terminal-actions.ts";
import { actionRegistry, type Action } from "../lib/actions.ts";
import { call } from "../lib/api.ts";
import { appLinkUrl, appLogSearch } from "../lib/app-links.ts";
import { allowAgain, stopEverything, useLiveChief } from "../lib/chief.ts";
import { useLiveApps, useLiveAutomations } from "../lib/live-queries.ts";
import { toast, undoToast, withErrorToast } from "../lib/toasts.ts";
import { useLockAction } from "./use-lock-action.ts";
import { useNotificationToasts } from "./use-notification-toasts.ts";

type Go = (to: "/logs" | "/terminal" | "/agents", search: Record<string, string>) => unknown;

function appActions(app: App, go: Go): Action[] {
  const { id, name, status } = app;
  const isRunning = status === "online" || status === "launching";
  const common = { group: "Apps", subject: `app:${id}`, keywords: [id, app.folder] };
  const start = (): Promise<unknown> => call("apps.start", { params: { id } });
  const action = (verb: string, rest: Pick<Action, "label" | "icon" | "run">): Action => ({
    ...common,
    ...rest,
    id: `apps.${verb}:${id}`,
  });
  const run = isRunning
    ? [
        action("restart", {
          label: `Restart ${name}`,
          icon: IconRefresh,
          run: () => withErrorToast(`Could not restart ${name}`, () => call("apps.restart", { params: { id } })),
        }),
        action("stop", {
          label: `Stop ${name}`,
          icon: IconPlayerStop,
          run: async () => {
            const isDone = await withErrorToast(`Could not stop ${name}`, () => call("apps.stop", { params: { id } }));
            if (isDone) undoToast(`Stopped ${name}`, start);
          },
        }),
      ]
    : [
        action("start", {
          label: `Start ${name}`,
          icon: IconPlayerPlay,
          run: () => withErrorToast(`Could not start ${name}`, start),
        }),
      ];
  return [
    ...run,
    action("logs", {
      label: `Read the logs of ${name}`,
      icon: IconFileText,
      run: () => go("/logs", appLogSearch(app)),
    }),
    action("terminal", {
      label: `Open a terminal in ${name}`,
      icon: IconTerminal2,
      run: () => go("/terminal", { cwd: app.folder }),
    }),
    action("run", {
      label: `New run in ${name}`,
      icon: IconRobot,
      run: () => go("/agents", { new: "1", app: id }),
    }),
    action("task", {
      label: `New task in ${name}`,
      icon: IconPlus,
      run: () => go("/agents", { tab: "board", add: "1", app: id }),
    }),
    action("edit", {
      label: `Open ${name} in the editor`,
      icon: IconBrandVscode,
      run: () => {
        location.assign(app.editorUrl);
      },
    }),
    ...app.links.map((link, index) =>
      action(`open-${String(index)}`, {
        label: link.label === "Open" ? `Open ${name}` : `Open ${link.label} of ${name}`,
        icon: IconExternalLink,
        run: () => window.open(appLinkUrl(link, location.hostname), "_blank", "noreferrer"),
      }),
    ),
  ];
}

function automationActions({ automation: { id, name } }: AutomationView): Action[] {
  return [
    {
      id: `automations.run:${id}`,
      label: `Run ${name} now`,
      group: "Automations",
      icon: IconCalendarRepeat,
      subject: `automation:${id}`,
      keywords: ["automation"],
      run: () =>
        withErrorToast(`Could not run ${name}`, async () => {
          await call("automations.run", { params: { id } });
          toast({ kind: "info", text: `Running ${name}` });
        }),
    },
  ];
}

function newRun(run: () => unknown): Action {
  return {
    id: "runs.new",
    label: "New run",
    group: "Agents",
    icon: IconRobot,
    keywords: ["agent", "prompt", "task"],
    run,
  };
}

/** Stopping is one tap and can be taken back at once. */
function usePanicActions(): void {
  const client = useQueryClient();
  const isOn = useLiveChief().data?.panic.isOn === true;
  useEffect(
    () =>
      actionRegistry.register([
        {
          id: "panel.panic",
          label: isOn ? "Allow agents and schedules again" : "Stop everything",
          group: "Panel",
          icon: IconOctagonMinus,
          keywords: ["panic", "emergency", "kill", "agents", "automations", "halt"],
          run: () => (isOn ? allowAgain(client) : stopEverything(client)),
        },
      ]),
    [client, isOn],
  );
}

function newTask(run: () => unknown): Action {
  return {
    id: "tasks.new",
    label: "New task",
    group: "Agents",
    icon: IconPlus,
    keywords: ["todo", "board", "agent"],
    run,
  };
}

/** Keeps the actions on apps and automations registered on every page, and says what happens; loaded after the first paint. */
export function GlobalActions() {
  useNotificationToasts();
  const navigate = useNavigate();
  const apps = useLiveApps().data;
  const automations = useLiveAutomations().data?.automations;
  useEffect(() => {
    const go: Go = (to, search) => navigate({ to, search });
    return actionRegistry.register((apps ?? []).filter((app) => !app.isArchived).flatMap((app) => appActions(app, go)));
  }, [apps, navigate]);
  useLogActions();
  useEffect(
    () =>
      actionRegistry.register([
        newRun(() => navigate({ to: "/agents", search: { new: "1" } })),
        newTask(() => navigate({ to: "/agents", search: { tab: "board", add: "1" } })),
      ]),
    [navigate],
  );
  useLockAction();
  useAutomationActions();
  usePanicActions();
  useEffect(() => registerTerminalActions(navigate), [navigate]);
  useEffect(() => actionRegistry.register((automations ?? []).flatMap(automationActions)), [automations]);
  return null;
}
