import { Button } from "@mantine/core";

import { Section } from "../../ui/section.tsx";
import classes from "./chief.module.css";
import { DecisionList, useDecisions } from "./decision-log.tsx";

/** What was decided about one task, the newest first; nothing before the first decision. */
export function TaskDecisions({ taskId }: { taskId: string }) {
  const log = useDecisions(undefined, taskId);
  const decisions = log.data?.pages.flatMap(({ items }) => items) ?? [];
  if (decisions.length === 0) return null;
  return (
    <Section title="Decisions">
      <DecisionList decisions={decisions} />
      {log.hasNextPage ? (
        <div className={classes["more"]}>
          <Button onClick={() => void log.fetchNextPage()} loading={log.isFetchingNextPage}>
            Show older
          </Button>
        </div>
      ) : null}
    </Section>
  );
}
