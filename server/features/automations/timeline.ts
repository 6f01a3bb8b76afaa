import type { AutomationRecord } from "./automation-record.ts";
import { nextDue } from "./due-times.ts";

const maxRows = 300;
const maxTimes = 200;
/** Working out one due time costs about 50 µs: all rows together stay below a quarter of a second. */
const maxWork = 4_000;

/** Due times of enabled automations from `now` on, soonest automation first, bounded in work and size. */
export function drawTimeline(
  automations: readonly AutomationRecord[],
  next: (id: string) => number | null,
  now: number,
  days: number,
) {
  const to = now + days * 86_400_000;
  const due = automations
    .flatMap((automation) => {
      const { schedule } = automation;
      const first = next(automation.id);
      return schedule.kind !== "event" && first !== null && first <= to ? [{ automation, schedule, first }] : [];
    })
    .toSorted((a, b) => a.first - b.first);
  const shown = due.slice(0, maxRows);
  const each = Math.max(3, Math.min(maxTimes, Math.floor(maxWork / Math.max(1, shown.length))));
  const rows = shown.map(({ automation, schedule, first }) => {
    const times: string[] = [];
    let time: number | null = first;
    while (time !== null && time <= to && times.length < each) {
      times.push(new Date(time).toISOString());
      time = nextDue(schedule, time);
    }
    return { id: automation.id, name: automation.name, times, hasMore: time !== null && time <= to };
  });
  return {
    from: new Date(now).toISOString(),
    to: new Date(to).toISOString(),
    rows,
    omitted: due.length - shown.length,
  };
}
