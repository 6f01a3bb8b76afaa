import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import type { ClockSchedule } from "../../../../contract/features/automation-schedules.ts";
import type { DueTime } from "../../../../contract/features/automations.ts";
import { call } from "../../lib/api.ts";
import { errorMessage } from "../../lib/api-error.ts";
import { Time } from "../../ui/time.tsx";
import { localZone } from "./automation-draft.ts";
import classes from "./automations.module.css";

const shown = 5;
const passedAfterMs = 300;
const minRefreshMs = 1_000;
const maxRefreshMs = 3_600_000;

const markTexts = {
  moved: "clocks change: this time does not exist, it runs at the next one",
  first: "clocks change: first of two such times",
  second: "clocks change: second of two such times",
  shifted: "new offset from here on",
} as const satisfies Record<NonNullable<DueTime["mark"]>, string>;

/** The next five runs of a schedule, in its own zone, with what clock changes do to them. */
export function NextRuns({ schedule }: { schedule: ClockSchedule }) {
  const [settled] = useDebouncedValue(schedule, 250);
  const zone = localZone();
  const preview = useQuery({
    queryKey: ["automations.preview", settled, zone],
    queryFn: ({ signal }) =>
      call("automations.preview", { body: { schedule: settled, count: shown, zone } }, { signal }),
    retry: false,
    staleTime: 10_000,
    // the first one passes sooner or later
    refetchInterval: ({ state }) => untilPassed(state.data?.times[0]?.at),
    placeholderData: (previous) => previous,
  });
  if (preview.error !== null)
    return <p className={`${classes["next"] ?? ""} dim`}>No next run: {errorMessage(preview.error)}</p>;
  const times = preview.data?.times ?? [];
  return (
    <div className={classes["next"]} aria-live="polite">
      {times.map(({ at, local, offset, mark }) => (
        <span key={at} className={classes["nextLine"]}>
          <span className="mono">
            {weekday(local)} {local.slice(0, local.endsWith(":00") ? 16 : 19)} <span className="dim">{offset}</span>
          </span>
          <span className="dim">
            <Time iso={at} />
          </span>
          {mark === null ? null : <span className={classes["mark"]}>{markTexts[mark]}</span>}
        </span>
      ))}
      <span className="dim">{schedule.kind === "interval" ? zone : schedule.zone}</span>
    </div>
  );
}

/** Milliseconds until `at` has passed, within what a browser's timer can hold. */
function untilPassed(at: string | undefined): number | false {
  if (at === undefined) return false;
  return Math.min(Math.max(Date.parse(at) - Date.now() + passedAfterMs, minRefreshMs), maxRefreshMs);
}

/** "Mon" of "2026-11-23 09:30:00". */
function weekday(local: string): string {
  const date = new Date(`${local.slice(0, 10)}T00:00:00Z`);
  return date.toLocaleDateString("en", { weekday: "short", timeZone: "UTC" });
}
