import type { Metrics } from "../../../../contract/features/processes.ts";

/** CPU of one app over the last hour: the sum over its processes, `null` where none of them ran. */
export function appCpuSeries(metrics: Metrics | undefined, appId: string): (number | null)[] {
  const series = Object.entries(metrics?.series ?? {})
    .filter(([key]) => key.startsWith(`${appId}/`))
    .map(([, values]) => values.cpuPercent);
  const length = Math.max(0, ...series.map((values) => values.length));
  return Array.from({ length }, (_, index) => {
    // Series end together; a shorter one began later.
    const values = series.map((one) => one.at(index - length)).filter((value) => typeof value === "number");
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  });
}
