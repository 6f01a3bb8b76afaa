import classes from "./json-text.module.css";
import { CopyButton } from "./markdown/copy-button.tsx";

const longest = 100_000;

/** A value as JSON, set out over lines, with a button that copies the whole of it. */
export function JsonText({ value, label }: { value: unknown; label: string }) {
  const text = value === undefined ? "null" : JSON.stringify(value, null, 2);
  return (
    <div className={classes["box"]}>
      <span className={classes["copy"]}>
        <CopyButton text={text} label={`Copy: ${label}`} />
      </span>
      <pre className={classes["text"]} tabIndex={0} role="region" aria-label={label}>
        {text.slice(0, longest)}
      </pre>
      {text.length > longest ? (
        <p className={classes["cut"]}>
          The first {longest.toLocaleString("en")} of {text.length.toLocaleString("en")} characters; copying takes all.
        </p>
      ) : null}
    </div>
  );
}
