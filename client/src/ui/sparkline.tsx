import { sparklinePath, summarize } from "./sparkline-path.ts";
import classes from "./sparkline.module.css";

interface SparklineProps {
  /** Oldest first; `null` is a gap. */
  values: readonly (number | null)[];
  /** What is drawn, for readers who cannot see it: "CPU of blog in the last hour". */
  label: string;
  format: (value: number) => string;
  /** Value at the upper edge; without one the highest value is. */
  max?: number;
  height?: number;
}

/** A line of the last values without axes. Screen readers get the figures in a sentence. */
export function Sparkline({ values, label, format, max, height = 28 }: SparklineProps) {
  const { line, area } = sparklinePath(values, 100, height, max);
  return (
    <svg
      className={classes["sparkline"]}
      viewBox={`0 0 100 ${String(height)}`}
      preserveAspectRatio="none"
      style={{ height }}
      role="img"
      aria-label={`${label}: ${summarize(values, format)}`}
    >
      <path className={classes["area"]} d={area} />
      <path className={classes["line"]} d={line} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
