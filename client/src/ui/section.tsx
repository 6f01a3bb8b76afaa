import { useId, type ReactNode } from "react";

import classes from "./section.module.css";

interface SectionProps {
  title: string;
  /** A link or small buttons at the end of the heading. */
  actions?: ReactNode;
  /** Beside the heading: a count, an age note. */
  aside?: ReactNode;
  children: ReactNode;
  /** Draws a border around the content. */
  isCard?: boolean;
}

/** A part of a page with its heading. */
export function Section({ title, actions, aside, children, isCard = false }: SectionProps) {
  const id = useId();
  return (
    <section className={classes["section"]} aria-labelledby={id}>
      <div className={classes["head"]}>
        <h2 className={classes["title"]} id={id}>
          {title}
        </h2>
        {aside}
        {actions === undefined ? null : <div className={classes["actions"]}>{actions}</div>}
      </div>
      <div className={isCard ? classes["card"] : undefined}>{children}</div>
    </section>
  );
}
