import classes from "./reviews.module.css";

/** "+12 −3" */
export function ChangeCount({ added, removed }: { added: number; removed: number }) {
  return (
    <span className={classes["count"]}>
      <span className={classes["plus"]}>
        <span className="visually-hidden">added lines: </span>+{added}
      </span>{" "}
      <span className={classes["minus"]}>
        <span className="visually-hidden">removed lines: </span>−{removed}
      </span>
    </span>
  );
}
