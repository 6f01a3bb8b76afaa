import type { DetectionStep } from "../../../../contract/features/detect.ts";
import { IconAlertTriangle, IconCheck, IconLoader2, IconMinus } from "../../ui/icons.gen.ts";
import { Turning } from "../../ui/turning.tsx";
import classes from "./apps.module.css";

const looks = {
  running: { icon: IconLoader2, word: "looking", color: "var(--info)" },
  found: { icon: IconCheck, word: "found", color: "var(--ok)" },
  nothing: { icon: IconMinus, word: "nothing", color: "var(--text-faint)" },
  failed: { icon: IconAlertTriangle, word: "failed", color: "var(--warn)" },
};

const maxLines = 6;

interface DetectionStepsProps {
  steps: readonly DetectionStep[];
  /** Nothing more will come: what found nothing is said in one line. */
  isDone: boolean;
}

/** What each detector says, as it says it. */
export function DetectionSteps({ steps, isDone }: DetectionStepsProps) {
  const shown = isDone ? steps.filter(({ state }) => state !== "nothing") : steps;
  const empty = steps.filter((step) => !shown.includes(step)).map(({ detector }) => detector);
  return (
    <ol role="list" className={classes["steps"]} aria-label="What was looked at" aria-live="polite">
      {shown.map((step) => {
        const { icon: Icon, word, color } = looks[step.state];
        return (
          <li key={step.detector} className={classes["step"]}>
            <Turning isOn={step.state === "running"}>
              <Icon size={15} color={color} />
            </Turning>
            <span>{step.detector}</span>
            <span className={classes["stepState"]}>{step.state === "found" ? "" : word}</span>
            {step.lines.length === 0 ? null : (
              <span className={classes["stepLines"]}>
                {step.lines.slice(0, maxLines).map((line) => (
                  <code key={line}>{line}</code>
                ))}
                {step.lines.length > maxLines ? `and ${String(step.lines.length - maxLines)} more` : null}
              </span>
            )}
          </li>
        );
      })}
      {empty.length === 0 ? null : (
        <li className={classes["step"]}>
          <IconMinus size={15} color="var(--text-faint)" />
          <span className={classes["stepRest"]}>{`Nothing in: ${empty.join(", ")}`}</span>
        </li>
      )}
    </ol>
  );
}
