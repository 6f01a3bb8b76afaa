import { useState } from "react";

import type { UsageTotals } from "../../../../contract/features/usage.ts";
import { formatCost, formatTokens } from "../../lib/format.ts";
import classes from "./providers.module.css";

type Day = UsageTotals["days"][number];

/** Cost by day as bars, or tokens while no price is known; the same figures as a table for whoever cannot see it. */
export function UsageChart({ days }: { days: readonly Day[] }) {
  const [isTable, setIsTable] = useState(false);
  const isCost = days.some(({ sum }) => sum.costUsd > 0);
  const valueOf = ({ sum }: Day): number => (isCost ? sum.costUsd : sum.inputTokens + sum.outputTokens);
  const format = isCost ? formatCost : formatTokens;
  const unit = isCost ? "US dollars per day" : "Tokens per day";
  return (
    <figure className={classes["chart"]}>
      <figcaption className={classes["chartHead"]}>
        <span className={classes["sub"]}>{unit}</span>
        <button
          type="button"
          className={classes["link"]}
          aria-pressed={isTable}
          onClick={() => {
            setIsTable(!isTable);
          }}
        >
          {isTable ? "As a chart" : "As a table"}
        </button>
      </figcaption>
      {isTable ? <DayTable days={days} /> : <Bars days={days} valueOf={valueOf} format={format} label={unit} />}
    </figure>
  );
}

interface BarsProps {
  days: readonly Day[];
  valueOf: (day: Day) => number;
  format: (value: number) => string;
  label: string;
}

function Bars({ days, valueOf, format, label }: BarsProps) {
  const top = niceTop(Math.max(...days.map(valueOf)));
  const every = Math.ceil(days.length / 6);
  const best = days.toSorted((one, other) => valueOf(other) - valueOf(one))[0];
  const sentence = best === undefined ? "" : `, most on ${best.day}: ${format(valueOf(best))}`;
  return (
    <div className={classes["plot"]} role="img" aria-label={`${label}${sentence}`}>
      <div className={classes["scale"]}>
        {[1, 0.5, 0].map((part) => (
          <span key={part}>{format(top * part)}</span>
        ))}
      </div>
      <div className={classes["bars"]}>
        {days.map((day) => (
          <span
            key={day.day}
            className={classes["bar"]}
            data-empty={valueOf(day) === 0 || undefined}
            style={{ height: `${String((valueOf(day) / top) * 100)}%` }}
            title={`${day.day}: ${format(valueOf(day))}`}
          />
        ))}
      </div>
      <div className={classes["dates"]}>
        {days.map((day, index) => (
          <span key={day.day}>{index % every === 0 ? `${day.day.slice(8)}.${day.day.slice(5, 7)}.` : null}</span>
        ))}
      </div>
    </div>
  );
}

/** The next of 1, 2, 5, 10, 20 … above the largest value, so that the scale has round numbers. */
export function niceTop(largest: number): number {
  if (!(largest > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([1, 2, 5, 10].find((factor) => factor * power >= largest) ?? 10) * power;
}

function DayTable({ days }: { days: readonly Day[] }) {
  return (
    <div className={classes["dayTable"]} tabIndex={0} role="region" aria-label="Usage by day">
      <table>
        <thead>
          <tr>
            {["Day", "Cost", "Tokens in", "Tokens out", "Attempts"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map(({ day, sum }) => (
            <tr key={day}>
              <td>{day}</td>
              <td>{formatCost(sum.costUsd)}</td>
              <td>{formatTokens(sum.inputTokens)}</td>
              <td>{formatTokens(sum.outputTokens)}</td>
              <td>{sum.attempts}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
