import { stat } from "node:fs/promises";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { AutomationApps } from "./app-actions.ts";
import { scheduleIssues } from "./due-times.ts";

type Issue = { path: string; message: string };

/** Refuses what has the right shape and cannot work: throws `invalid_request` naming each field and its rule. */
export async function checkInput(
  input: AutomationInput,
  context: { apps: AutomationApps; now: number; isScheduleNew: boolean },
): Promise<void> {
  const issues: Issue[] = [
    ...(context.isScheduleNew ? scheduleIssues(input.schedule, context.now).map(below("schedule")) : []),
    ...(await actionIssues(input.action, context.apps)).map(below("action")),
  ];
  const [first] = issues;
  if (first) throw new AppError("invalid_request", `${first.path}: ${first.message}`, { issues });
}

function below(part: string): (issue: Issue) => Issue {
  return ({ path, message }) => ({ path: `body.${part}.${path}`, message });
}

async function actionIssues(action: AutomationInput["action"], apps: AutomationApps): Promise<Issue[]> {
  if (action.kind === "command") return folderIssues(action.folder);
  if (action.kind === "task" && action.appId === null) return [];
  const app = apps.find(action.appId ?? "");
  if (app === null) return [{ path: "appId", message: "is not a registered app" }];
  if (action.kind !== "url") return [];
  if (action.port === undefined)
    return app.ports.length > 0 ? [] : [{ path: "appId", message: `${app.name} has no port to call` }];
  return app.ports.includes(action.port) ? [] : [{ path: "port", message: `is not a port of ${app.name}` }];
}

async function folderIssues(folder: string): Promise<Issue[]> {
  try {
    return (await stat(folder)).isDirectory() ? [] : [{ path: "folder", message: "is not a folder" }];
  } catch {
    return [{ path: "folder", message: "does not exist or cannot be read" }];
  }
}
