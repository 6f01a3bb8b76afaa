import type { EvidenceStep } from "../../../contract/features/evidence.ts";
import { codeText, stepText } from "../lib/gateway-words.ts";
import classes from "./call-path.module.css";
import { IconBan, IconCheck, IconInfoCircle } from "./icons.gen.ts";

const looks = {
  pass: { icon: IconCheck, word: "passed" },
  stop: { icon: IconBan, word: "stopped here" },
  note: { icon: IconInfoCircle, word: "note" },
} as const;

/** The way of a call through the gateway, step by step, with what was judged at each. */
export function CallPath({ steps }: { steps: readonly EvidenceStep[] }) {
  return (
    <ol role="list" className={classes["path"]} aria-label="The way of the call">
      {steps.map(({ step, verdict, reason, code, hint, ms }, index) => {
        const { icon: Icon, word } = looks[verdict];
        return (
          <li key={index} className={classes["step"]} data-verdict={verdict}>
            <span className={classes["mark"]}>
              <Icon size={14} />
              <span className="visually-hidden">{word}: </span>
            </span>
            <div className={classes["words"]}>
              <p className={classes["name"]}>
                {stepText(step)}
                {ms < 1 ? null : <span className={classes["ms"]}>{Math.round(ms).toLocaleString("en")} ms</span>}
              </p>
              <p className={classes["reason"]} title={code === null ? undefined : codeText(code)}>
                {reason}
              </p>
              {hint === undefined ? null : <p className={classes["hint"]}>{hint}</p>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
