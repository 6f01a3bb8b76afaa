import { useState } from "react";

import type { UsageTotals } from "../../../../contract/features/usage.ts";
import { costText, tokensText } from "./provider-words.ts";
import classes from "./providers.module.css";

type Day = UsageTotals["days"][number];

const width = 720;
const height = 160;
const bottom = 22;
const left = 52;

/** Cost by day as bars, or tokens while no price is known; the same figures as a table for whoever cannot see it. */
export function UsageChart({ days }: { days: readonly Day[] }) {
  const [isTable, setIsTable] = useState(false);
  const isCost = days.some(({ sum }) => sum.costUsd > 0);
  const valueOf = ({ sum }: Day): number => (isCost ? sum.costUsd : sum.inputTokens + sum.outputTokens);
  const format = isCost ? costText : tokensText;
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
  const step = (width - left) / days.length;
  const heightOf = (value: number): number => (value / top) * (height - bottom - 8);
  const every = Math.ceil(days.length / 8);
  const best = days.toSorted((one, other) => valueOf(other) - valueOf(one))[0];
  const sentence = best === undefined ? "" : `, most on ${best.day}: ${format(valueOf(best))}`;
  return (
    <svg
      className={classes["bars"]}
      viewBox={`0 0 ${String(width)} ${String(height)}`}
      role="img"
      aria-label={`${label}${sentence}`}
    >
      {[0, 0.5, 1].map((part) => {
        const y = height - bottom - heightOf(top * part);
        return (
          <g key={part}>
            <line className={classes["grid"]} x1={left} x2={width} y1={y} y2={y} />
            <text className={classes["axis"]} x={left - 6} y={y + 4} textAnchor="end">
              {format(top * part)}
            </text>
          </g>
        );
      })}
      {days.map((day, index) => {
        const value = valueOf(day);
        const tall = value === 0 ? 0 : Math.max(2, heightOf(value));
        const x = left + index * step;
        return (
          <g key={day.day}>
            <rect
              className={classes["bar"]}
              x={x + step * 0.15}
              y={height - bottom - tall}
              width={Math.max(1, step * 0.7)}
              height={tall}
              rx={Math.min(2, step * 0.2)}
            >
              <title>{`${day.day}: ${format(value)}`}</title>
            </rect>
            {index % every === 0 ? (
              <text className={classes["axis"]} x={x + step / 2} y={height - 6} textAnchor="middle">
                {`${day.day.slice(8)}.${day.day.slice(5, 7)}.`}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
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
              <td>{costText(sum.costUsd)}</td>
              <td>{tokensText(sum.inputTokens)}</td>
              <td>{tokensText(sum.outputTokens)}</td>
              <td>{sum.attempts}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
