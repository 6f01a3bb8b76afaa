import type { ApprovalChange } from "../../../contract/features/approvals.ts";
import { withoutFolder } from "../../../contract/short-path.ts";
import classes from "./diff-view.module.css";

const kinds: Record<string, string> = { "+": "added", "-": "removed", " ": "same" };
const signs: Record<string, string> = { "+": "+", "-": "−", " ": " " };

interface ApprovalChangesProps {
  changes: readonly ApprovalChange[];
  /** What lies in it is told without it. */
  folder: string;
}

/** What files would become, as the question keeps it. */
export function ApprovalChanges({ changes, folder }: ApprovalChangesProps) {
  return changes.map((change, index) => <Change key={index} change={change} folder={folder} />);
}

function Change({ change, folder }: { change: ApprovalChange; folder: string }) {
  const { path, isNew, added, removed, lines, isCut } = change;
  const name = withoutFolder(path, folder);
  return (
    <figure className={classes["diff"]}>
      <figcaption className={classes["head"]}>
        <span className={classes["path"]} title={path}>
          {name}
        </span>
        {isNew ? <span className={classes["new"]}>new file</span> : null}
        <span className={classes["stat"]}>
          <span className={classes["plus"]}>
            <span className="visually-hidden">added </span>+{added}
          </span>{" "}
          <span className={classes["minus"]}>
            <span className="visually-hidden">removed </span>−{removed}
          </span>
        </span>
      </figcaption>
      <div className={classes["scroll"]} tabIndex={0} role="region" aria-label={`Changes of ${name}`}>
        <div className={classes["lines"]}>
          {lines.map((line, index) =>
            line.startsWith("@") ? (
              <div key={index} className={classes["skipped"]}>
                {line.slice(2)}
              </div>
            ) : (
              <div key={index} className={classes["line"]} data-kind={kinds[line[0] ?? " "]}>
                <span className={classes["sign"]} aria-hidden="true">
                  {signs[line[0] ?? " "]}
                </span>
                <span className={classes["text"]}>{line.slice(1)}</span>
              </div>
            ),
          )}
        </div>
      </div>
      {isCut ? <p className={classes["note"]}>Not all of it is shown here.</p> : null}
    </figure>
  );
}
