import classes from "./meter.module.css";

interface MeterProps {
  label: string;
  /** 0 to 100. */
  percent: number;
  /** The figure beside the bar: "6.1 of 16 GB". */
  text: string;
  /** From here on it is worth a look, and from `badFrom` on it is a problem. */
  warnFrom?: number;
  badFrom?: number;
}

/** A share of a whole as label, figure and bar; the bar's colour is also said in words to screen readers. */
export function Meter({ label, percent, text, warnFrom = 80, badFrom = 92 }: MeterProps) {
  const share = Math.max(0, Math.min(100, percent));
  const tone = share >= badFrom ? "bad" : share >= warnFrom ? "warn" : "ok";
  const word = { ok: "", warn: ", high", bad: ", very high" }[tone];
  return (
    <div className={classes["meter"]}>
      <span className={classes["label"]}>{label}</span>
      <span className={classes["text"]}>{text}</span>
      <span
        className={classes["track"]}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share)}
        aria-valuetext={`${text}${word}`}
      >
        <span className={classes["bar"]} data-tone={tone} style={{ width: `${String(share)}%` }} />
      </span>
    </div>
  );
}
