import { z } from "zod";

import { appIdSchema, appsEndpoints, processNameSchema, type App } from "../../../../contract/features/apps.ts";
import type { HistoryEntry } from "../../../../contract/features/history.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { redact } from "../../../../lib/redact.ts";
import type { AppService } from "../../apps/app-service.ts";
import { facts, ownTool, type OwnTool, type ToolCall } from "./tool.ts";

interface Parts {
  apps: Pick<AppService, "list" | "get" | "run">;
  clock: Clock;
  /** Writes to the history. */
  append(entry: HistoryEntry): Promise<void>;
}

/** Apps: how they are, and a restart where the token may. */
export function appTools({ apps, clock, append }: Parts): OwnTool[] {
  async function restart(id: string, process: string | undefined, call: ToolCall): Promise<App> {
    const startedAt = clock.monotonic();
    const record = (failure: AppError | null, subjectName: string | null): Promise<void> =>
      append({
        id: call.correlationId,
        at: new Date(clock.now()).toISOString(),
        correlationId: call.correlationId,
        action: process === undefined ? "apps.restart" : "apps.restartProcess",
        summary: process === undefined ? appsEndpoints.restart.summary : appsEndpoints.restartProcess.summary,
        subject: id,
        subjectName,
        outcome: failure === null ? "done" : "refused",
        code: failure?.code ?? null,
        message: failure === null ? null : redact(failure.message).slice(0, 500),
        durationMs: Math.round(clock.monotonic() - startedAt),
        caller: { name: `${call.token.name} over MCP`, address: call.address },
      });
    try {
      const app = await apps.run(id, "restart", process);
      await record(null, app.name);
      return app;
    } catch (error) {
      if (error instanceof AppError) await record(error, null);
      throw error;
    }
  }

  return [
    ownTool({
      area: "apps",
      name: "list_apps",
      title: "List apps",
      description: "Lists the apps PortOS knows on this machine, with their state.",
      input: z.strictObject({}),
      run: () => Promise.resolve(facts(apps.list().map(shortOf))),
    }),
    ownTool({
      area: "apps",
      name: "get_app",
      title: "Show an app",
      description: "Shows the state of one app and of each of its processes.",
      input: z.strictObject({ id: appIdSchema }),
      run: ({ id }) => Promise.resolve(facts(longOf(apps.get(id)))),
    }),
    ownTool({
      area: "apps",
      name: "restart_app",
      title: "Restart an app",
      description: "Restarts an app, or one of its processes.",
      isRestart: true,
      input: z.strictObject({ id: appIdSchema, process: processNameSchema.optional() }),
      run: async ({ id, process }, call) => facts(longOf(await restart(id, process, call))),
    }),
  ];
}

function shortOf({ id, name, status, onlineCount, processes, problem, folder }: App) {
  return {
    id,
    name,
    status,
    online: onlineCount,
    processes: processes.length,
    problem: problem?.message ?? null,
    folder,
  };
}

function longOf(app: App) {
  const { description, cpuPercent, memoryBytes, restarts, onlineSince, links } = app;
  const processes = app.processes.map(({ name, live, problem, ports }) => ({
    name,
    status: live?.status ?? "stopped",
    pid: live?.pid ?? null,
    restarts: live?.restarts ?? 0,
    problem: problem?.message ?? live?.problem?.message ?? null,
    ports,
    /** For `read_logs`. */
    log: live === null ? null : `${live.home}/${live.name}`,
  }));
  return { ...shortOf(app), description, cpuPercent, memoryBytes, restarts, onlineSince, links, processes };
}
