import { stat } from "node:fs/promises";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import type { PromptReference } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { AutomationApps } from "./app-actions.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { stepIssues } from "./step-checks.ts";
import { filterIssue } from "./event-filter.ts";
import { scheduleIssues } from "./due-times.ts";

/** What automations may ask of prompts. */
export interface AutomationPrompts {
  /** Why a prompt cannot be filled with these values, each below `path`. */
  issuesOf(reference: PromptReference, path: string): Promise<Issue[]>;
}

type Issue = { path: string; message: string };

/** Refuses what has the right shape and cannot work: throws `invalid_request` naming each field and its rule. */
export async function checkInput(
  input: AutomationInput,
  context: {
    apps: AutomationApps;
    prompts: AutomationPrompts;
    connectors: Pick<AutomationConnectors, "find">;
    now: number;
    isScheduleNew: boolean;
  },
): Promise<void> {
  const issues: Issue[] = [
    ...whenIssues(input, context),
    ...(await actionIssues(input.action, { ...context, schedule: input.schedule })).map(below("action")),
    ...(await promptIssues(input.action, context.prompts)),
  ];
  const [first] = issues;
  if (first) throw new AppError("invalid_request", `${first.path}: ${first.message}`, { issues });
}

function whenIssues(
  { schedule, overlapPolicy }: AutomationInput,
  { isScheduleNew, now }: { isScheduleNew: boolean; now: number },
): Issue[] {
  if (schedule.kind === "event") {
    const issue = filterIssue(schedule);
    return issue === null ? [] : [{ path: "body.schedule.filter", message: issue }];
  }
  return [
    ...(isScheduleNew ? scheduleIssues(schedule, now).map(below("schedule")) : []),
    ...(overlapPolicy === "queue-all"
      ? [{ path: "body.overlapPolicy", message: "queue-all is for automations that events start" }]
      : []),
  ];
}

function below(part: string): (issue: Issue) => Issue {
  return ({ path, message }) => ({ path: `body.${part}.${path}`, message });
}

async function actionIssues(
  action: AutomationInput["action"],
  context: {
    schedule: AutomationInput["schedule"];
    apps: AutomationApps;
    connectors: Pick<AutomationConnectors, "find">;
  },
): Promise<Issue[]> {
  const { apps } = context;
  if (action.kind === "connector") return stepIssues(action, context.schedule, context.connectors);
  if (action.kind === "command") return folderIssues(action.folder);
  if (action.kind === "run" && typeof action.folder === "string") {
    const { folder, ...rest } = action;
    return [...(await folderIssues(folder)), ...(await actionIssues(rest, context))];
  }
  if ((action.kind === "task" || action.kind === "run") && (action.appId ?? null) === null) return [];
  const app = apps.find(action.appId ?? "");
  if (app === null) return [{ path: "appId", message: "is not a registered app" }];
  if (action.kind !== "url") return [];
  if (action.port === undefined)
    return app.ports.length > 0 ? [] : [{ path: "appId", message: `${app.name} has no port to call` }];
  return app.ports.includes(action.port) ? [] : [{ path: "port", message: `is not a port of ${app.name}` }];
}

/** What a prompt becomes with its values now, under the name of the field. */
async function promptIssues(action: AutomationInput["action"], prompts: AutomationPrompts): Promise<Issue[]> {
  if (action.kind === "task" && action.template !== null)
    return prompts.issuesOf(action.template, "body.action.template");
  if (action.kind === "run" && action.prompt.kind === "template") {
    const { promptId, version = null, values } = action.prompt;
    return prompts.issuesOf({ promptId, version, values }, "body.action.prompt");
  }
  return [];
}

async function folderIssues(folder: string): Promise<Issue[]> {
  try {
    return (await stat(folder)).isDirectory() ? [] : [{ path: "folder", message: "is not a folder" }];
  } catch {
    return [{ path: "folder", message: "does not exist or cannot be read" }];
  }
}
