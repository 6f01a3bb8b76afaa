import { z } from "zod";

import { appIdSchema } from "../../../../contract/features/apps.ts";
import { runStateSchema, type RunEvent } from "../../../../contract/features/run-events.ts";
import { runIdSchema, type Run } from "../../../../contract/features/runs.ts";
import type { RunService } from "../../runs/run-service.ts";
import { facts, outside, ownTool, type OwnTool } from "./tool.ts";

/** Events at the end of a run in which its answer is looked for. */
const lastEvents = 2_000;

/** Runs of agents: which there are, how they stand, what they answered. */
export function runTools(runs: Pick<RunService, "list" | "get" | "events">): OwnTool[] {
  return [
    ownTool({
      area: "runs",
      name: "list_runs",
      title: "List runs",
      description: "Lists runs of agents, newest first.",
      input: z.strictObject({
        state: runStateSchema.optional(),
        app: appIdSchema.optional(),
        limit: z.int().min(1).max(100).default(20),
      }),
      async run({ state, app, limit }) {
        const filter = { ...(state === undefined ? {} : { state }), ...(app === undefined ? {} : { app }) };
        const { items, isUp, asOf } = await runs.list({ ...filter, limit });
        return facts({ runs: items.map(shortOf), isCurrent: isUp, asOf });
      },
    }),
    ownTool({
      area: "runs",
      name: "get_run",
      title: "Show a run",
      description: "Shows how a run stands, who was asked, what it used and what it waits for.",
      input: z.strictObject({ id: runIdSchema }),
      run: async ({ id }) => facts(longOf(await runs.get(id))),
    }),
    ownTool({
      area: "runs",
      name: "get_run_result",
      title: "Read what a run answered",
      description: "Reads what a run has said since it was spoken to last.",
      input: z.strictObject({ id: runIdSchema }),
      async run({ id }) {
        const run = await runs.get(id);
        const after = Math.max(0, run.eventCount - lastEvents);
        const { events } = await runs.events(id, { after, limit: lastEvents });
        const said = answerIn(events);
        if (said === "") return facts({ ...shortOf(run), answer: null });
        return outside(`answer of run ${id}, ${run.state}`, [said], { trust: "model" });
      },
    }),
  ];
}

/** Text since the user spoke last; what lies between two calls of tools is a paragraph. */
export function answerIn(events: readonly RunEvent[]): string {
  let parts: string[] = [];
  let isNew = true;
  for (const { body } of events) {
    if (body.kind === "user") parts = [];
    if (body.kind !== "text") {
      isNew ||= body.kind !== "usage";
      continue;
    }
    if (isNew || parts.length === 0) parts.push(body.text);
    else parts[parts.length - 1] += body.text;
    isNew = false;
  }
  return parts.join("\n\n").trim();
}

function shortOf({ id, title, state, appId, createdAt, endedAt, message }: Run) {
  return { id, title, state, appId, createdAt, endedAt, message };
}

function longOf(run: Run) {
  const { folder, permissionMode, usage, attempts, pending, startedAt, failure } = run;
  const asked = attempts.map(({ providerName, model, reason }) => ({ providerName, model, reason }));
  const waitsFor = pending.map(({ call }) => call.title);
  return { ...shortOf(run), folder, permissionMode, startedAt, failure, asked, waitsFor, usage };
}
