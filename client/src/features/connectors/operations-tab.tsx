import { useRef } from "react";

import type { ConnectorView, OperationView } from "../../../../contract/features/connectors.ts";
import { effectWords } from "../../lib/gateway-words.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { Notice } from "../../ui/notice.tsx";
import classes from "./connectors.module.css";
import { TryOperation } from "./try-operation.tsx";

/** What it can do, and a place to try each. `?operation=<name>` chooses. */
export function OperationsTab({ connector }: { connector: ConnectorView }) {
  const { operations, isEnabled, isConfigured, title } = connector;
  const [search, setSearch] = useSearchState();
  const form = useRef<HTMLDivElement>(null);
  /** On a phone it begins below all the operations: a tap that shows nothing looks like one that was missed. */
  const bringIntoView = (): void => {
    const top = form.current?.getBoundingClientRect().top ?? 0;
    if (top > innerHeight / 2) form.current?.scrollIntoView({ block: "start", behavior: "smooth" });
  };
  const chosen = operations.find(({ name }) => name === search["operation"]) ?? operations[0];
  if (chosen === undefined) return <Notice tone="info">It has no operations.</Notice>;
  return (
    <div className={classes["rail"]}>
      <ul role="list" className={classes["operations"]} aria-label="Operations">
        {operations.map((operation) => (
          <li key={operation.name}>
            <button
              type="button"
              className={classes["operation"]}
              aria-current={operation === chosen ? "true" : undefined}
              onClick={() => {
                setSearch({ operation: operation.name });
                bringIntoView();
              }}
            >
              <span>{operation.title}</span>
              <span className={classes["sub"]}>{effectText(operation)}</span>
            </button>
          </li>
        ))}
      </ul>
      <div ref={form} className={classes["parts"]}>
        {isEnabled && isConfigured ? null : (
          <Notice tone="info">
            {isConfigured ? `${title} is off. Turn it on to call it.` : `${title} is not configured yet.`} A dry run
            shows how far a call would come.
          </Notice>
        )}
        <TryOperation key={chosen.name} connector={connector} operation={chosen} />
      </div>
    </div>
  );
}

/** "writes, people read it" */
export function effectText({ effect, isToPeople }: Pick<OperationView, "effect" | "isToPeople">): string {
  return isToPeople ? `${effectWords[effect]}, people see it` : effectWords[effect];
}
