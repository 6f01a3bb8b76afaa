import type { App } from "../../../contract/features/apps.ts";
import type { Metrics } from "../../../contract/features/processes.ts";
import { call } from "./api.ts";
import { undoToast, withErrorToast } from "./toasts.ts";

/** Whether anything of an app runs or is about to. */
export function isAppRunning({ status, onlineCount }: App): boolean {
  return status === "online" || status === "launching" || onlineCount > 0;
}

/** What can be done to an app or one of its processes. */
export type Verb = "start" | "stop" | "restart";

/** Starts, stops or restarts an app or one of its processes; a stop can be taken back. */
export async function runApp(app: App, verb: Verb, process?: string): Promise<boolean> {
  const { id, name } = app;
  const what = process === undefined ? name : `${name} / ${process}`;
  const act = (deed: Verb): Promise<App> =>
    process === undefined
      ? call(`apps.${deed}`, { params: { id } })
      : call(`apps.${deed}Process`, { params: { id, process } });
  const isDone = await withErrorToast(`Could not ${verb} ${what}`, () => act(verb));
  if (isDone && verb === "stop") undoToast(`Stopped ${what}`, () => act("start"));
  return isDone;
}

/** One series of an app over the last hour: the sum over its processes, `null` where none ran. */
export function appSeries(
  metrics: Metrics | undefined,
  app: App,
  of: "cpuPercent" | "memoryBytes",
): readonly (number | null)[] {
  const series = app.processes.flatMap(({ live }) => (live === null ? [] : [metrics?.series[live.key]?.[of] ?? []]));
  const length = Math.max(0, ...series.map((values) => values.length));
  return Array.from({ length }, (_, index) => {
    const values = series.flatMap((one) => one.at(index - length) ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  });
}
