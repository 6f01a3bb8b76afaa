import type { PolicySimulation } from "../../../../contract/features/connectors.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { codeText } from "../../lib/gateway-words.ts";
import { Notice } from "../../ui/notice.tsx";
import classes from "./connectors.module.css";

/** What would become of a call, and what the phone would be asked. */
export function Verdict({ simulation }: { simulation: PolicySimulation }) {
  const { verdict, question, code, message, hint, path } = simulation;
  if (verdict === "allowed")
    return (
      <Notice tone="ok">
        <strong>It would be made; nobody is asked.</strong>{" "}
        {sentences(path.find(({ step }) => step === "approval")?.reason ?? message)}
      </Notice>
    );
  if (verdict === "refused")
    return (
      <Notice tone="bad">
        <strong>It would be refused{code === null ? "" : `: ${codeText(code)}`}.</strong> {sentences(message, hint)}
      </Notice>
    );
  return (
    <>
      <Notice tone="warn">
        <strong>You would be asked first.</strong> {question === message ? null : sentences(message)}
      </Notice>
      <div className={classes["phone"]} role="group" aria-label="What your phone would be asked">
        <span className={classes["sub"]}>Your phone</span>
        <p className={classes["verdict"]}>{question}</p>
        <span className={classes["sub"]}>Allow once · Deny · Deny with a reason</span>
      </div>
    </>
  );
}
