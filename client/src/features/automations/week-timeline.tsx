import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { callQuery } from "../../lib/call-query.ts";
import type { CallReply } from "../../lib/api.ts";
import { formatCount } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { Section } from "../../ui/section.tsx";
import classes from "./automations.module.css";
import { midnights, percentOf } from "./week-position.ts";

type Timeline = CallReply<"automations.timeline">;

const shownRows = 6;
const refreshMs = 60_000;
/** A label further right would not fit. */
const lastLabelPercent = 93;

/** What comes due in the next seven days, one line per automation. `version` changes when a schedule does. */
export function WeekTimeline({ version }: { version: string }) {
  const { data } = useQuery({
    ...callQuery("automations.timeline", { query: { days: 7 } }),
    refetchInterval: refreshMs,
    queryKey: ["automations.timeline", version],
    placeholderData: (previous) => previous,
  });
  if (data === undefined || data.rows.length === 0) return null;
  const hidden = data.omitted + Math.max(0, data.rows.length - shownRows);
  return (
    <Section title="Next seven days" isCard>
      <div className={classes["week"]}>
        <Week timeline={data} />
        {hidden === 0 ? null : <p className={classes["note"]}>and {formatCount(hidden, "more automation")}</p>}
      </div>
    </Section>
  );
}

function Week({ timeline }: { timeline: Timeline }) {
  const from = Date.parse(timeline.from);
  const to = Date.parse(timeline.to);
  const days = midnights(from, to);
  return (
    <div className={classes["weekGrid"]}>
      <div className={classes["weekDays"]} aria-hidden="true">
        {days.flatMap(({ at, label }) => {
          const left = percentOf(at, from, to);
          return left > lastLabelPercent ? (
            []
          ) : (
            <span key={at} className={classes["weekDay"]} style={{ left: `${String(left)}%` }}>
              {label}
            </span>
          );
        })}
      </div>
      {timeline.rows.slice(0, shownRows).map((row) => (
        <Row key={row.id} row={row} from={from} to={to} days={days} />
      ))}
    </div>
  );
}

interface RowProps {
  row: Timeline["rows"][number];
  from: number;
  to: number;
  days: readonly { at: number }[];
}

function Row({ row, from, to, days }: RowProps) {
  const first = row.times[0] ?? "";
  const count = row.hasMore ? `more than ${String(row.times.length)} times` : formatCount(row.times.length, "time");
  return (
    <>
      <Link
        to="/automations/$automationId"
        params={{ automationId: row.id }}
        className={`${classes["weekName"] ?? ""} truncate`}
      >
        {row.name}
      </Link>
      <div className={classes["track"]} role="img" aria-label={`${row.name}: ${count}, first ${formatAbsolute(first)}`}>
        {days.map(({ at }) => (
          <span key={at} className={classes["midnight"]} style={{ left: `${String(percentOf(at, from, to))}%` }} />
        ))}
        {row.hasMore ? (
          <span
            className={classes["dense"]}
            style={{ left: `${String(percentOf(Date.parse(first), from, to))}%`, right: 0 }}
            title={`first ${formatAbsolute(first)}`}
          />
        ) : (
          row.times.map((time) => (
            <span
              key={time}
              className={classes["tick"]}
              style={{ left: `${String(percentOf(Date.parse(time), from, to))}%` }}
              title={formatAbsolute(time)}
            />
          ))
        )}
      </div>
    </>
  );
}
