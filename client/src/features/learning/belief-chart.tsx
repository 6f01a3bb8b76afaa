import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import type { Belief } from "../../../../contract/features/chief.ts";
import { formatCost, formatDuration } from "../../lib/format.ts";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Time } from "../../ui/time.tsx";
import { candidateKey, chanceText, experienceText, shareText } from "./belief-words.ts";
import classes from "./learning.module.css";

interface BeliefChartProps {
  beliefs: readonly Belief[];
  /** By `candidateKey`; `null` while it is not known. */
  shares: ReadonlyMap<string, number> | null;
  onOverride: (belief: Belief, override: Belief["override"]) => void;
}

const ticks = [0, 25, 50, 75, 100];
const axis = "Chance of good work in %. Nine times out of ten it lies on the line.";

/** What is believed of each candidate: its chance as a dot on the interval that holds it; the same figures as a table. */
export function BeliefChart({ beliefs, shares, onOverride }: BeliefChartProps) {
  const [isTable, setIsTable] = useState(false);
  return (
    <figure className={classes["chart"]}>
      <figcaption className={classes["head"]}>
        <span className={classes["note"]}>{axis}</span>
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
      {isTable ? (
        <DataTable label="What is believed" columns={columnsWith(shares)} rows={beliefs} rowKey={candidateKey} />
      ) : (
        <ul role="list" className={classes["rows"]}>
          {beliefs.map((belief) => (
            <BeliefRow
              key={candidateKey(belief)}
              belief={belief}
              share={shares?.get(candidateKey(belief))}
              onOverride={onOverride}
            />
          ))}
          <li className={classes["axis"]} aria-hidden="true">
            <span className={classes["ticks"]}>
              {ticks.map((tick) => (
                <span key={tick} style={{ left: `${String(tick)}%` }}>
                  {tick}
                </span>
              ))}
            </span>
          </li>
        </ul>
      )}
    </figure>
  );
}

interface RowProps {
  belief: Belief;
  share: number | undefined;
  onOverride: BeliefChartProps["onOverride"];
}

const rules = [
  { value: "learned", label: "As learned" },
  { value: "always", label: "Always" },
  { value: "never", label: "Never" },
];

function BeliefRow({ belief, share, onOverride }: RowProps) {
  const { providerName, model, override } = belief;
  const name = model === null ? providerName : `${providerName}, ${model}`;
  return (
    <li className={classes["row"]} data-never={override === "never" || undefined}>
      <span className={classes["who"]}>
        <span className={classes["name"]}>{providerName}</span>
        {model === null ? null : <span className={classes["model"]}>{model}</span>}
        <span className={classes["note"]}>{experienceText(belief)}</span>
      </span>
      <Interval belief={belief} name={name} />
      <span className={classes["share"]}>
        <strong>{shareText(share)}</strong>
        <span className={classes["note"]}>would be given to it</span>
      </span>
      <SegmentedControl
        className={classes["rule"] ?? ""}
        aria-label={`When ${name} is asked`}
        data={rules}
        value={override ?? "learned"}
        onChange={(value) => {
          onOverride(belief, value === "always" || value === "never" ? value : null);
        }}
      />
    </li>
  );
}

function Interval({ belief: { success, runs }, name }: { belief: Belief; name: string }) {
  const { mean, low, high } = success;
  const sentence = `${name}: ${chanceText(mean)} good, between ${chanceText(low)} and ${chanceText(high)}`;
  return (
    <span className={classes["plot"]}>
      <svg className={classes["interval"]} role="img" aria-label={sentence} data-untried={runs === 0 || undefined}>
        {ticks.map((tick) => (
          <line
            key={tick}
            className={classes["grid"]}
            x1={`${String(tick)}%`}
            x2={`${String(tick)}%`}
            y1="0"
            y2="100%"
          />
        ))}
        <line className={classes["line"]} x1={at(low)} x2={at(high)} y1="50%" y2="50%" />
        <line className={classes["end"]} x1={at(low)} x2={at(low)} y1="36%" y2="64%" />
        <line className={classes["end"]} x1={at(high)} x2={at(high)} y1="36%" y2="64%" />
        <circle className={classes["dot"]} cx={at(mean)} cy="50%" r="5" />
        <title>{sentence}</title>
      </svg>
    </span>
  );
}

function at(part: number): string {
  return `${String(part * 100)}%`;
}

function columnsWith(shares: BeliefChartProps["shares"]): Column<Belief>[] {
  return [
    {
      id: "who",
      header: "Provider",
      isMain: true,
      cell: ({ providerName, model }) => (model === null ? providerName : `${providerName} · ${model}`),
    },
    { id: "mean", header: "Good", align: "right", cell: ({ success }) => chanceText(success.mean) },
    {
      id: "range",
      header: "Between",
      align: "right",
      cell: ({ success }) => `${chanceText(success.low)} and ${chanceText(success.high)}`,
    },
    { id: "runs", header: "Runs", align: "right", cell: ({ runs }) => runs },
    { id: "cost", header: "Usual cost", align: "right", cell: ({ costUsd }) => formatCost(costUsd) },
    {
      id: "time",
      header: "Usual time",
      align: "right",
      cell: ({ seconds }) => (seconds === null ? "–" : formatDuration(seconds * 1_000)),
    },
    { id: "last", header: "Last", cell: ({ lastAt }) => (lastAt === null ? "–" : <Time iso={lastAt} />) },
    {
      id: "share",
      header: "Would be asked",
      align: "right",
      cell: (belief) => shareText(shares?.get(candidateKey(belief))),
    },
  ];
}
