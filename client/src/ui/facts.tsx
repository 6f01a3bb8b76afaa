import type { ReactNode } from "react";

import classes from "./facts.module.css";

interface FactsProps {
  /** Name and value, in the order shown. */
  items: readonly (readonly [name: string, value: ReactNode])[];
  /** `spread`: names left, values right. `column`: values in a column of their own. `lines`: as `spread`, ruled, for cards. `tiles`: side by side, each value large under its name, for figures. */
  layout?: "spread" | "column" | "lines" | "tiles";
}

/** What is known of one thing, as names and values. */
export function Facts({ items, layout = "spread" }: FactsProps) {
  return (
    <dl className={classes["facts"]} data-layout={layout}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
