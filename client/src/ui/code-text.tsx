import classes from "./code-text.module.css";

/** Machine text in a sentence: ids, paths, commands. */
export function CodeText({ children }: { children: string }) {
  return <code className={classes["code"]}>{children}</code>;
}
