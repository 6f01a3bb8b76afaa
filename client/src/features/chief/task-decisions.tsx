import { Section } from "../../ui/section.tsx";
import { DecisionList, Older, useDecisions } from "./decision-log.tsx";

/** What was decided about one task, the newest first; nothing before the first decision. */
export function TaskDecisions({ taskId }: { taskId: string }) {
  const log = useDecisions(undefined, taskId);
  const decisions = log.data?.pages.flatMap(({ items }) => items) ?? [];
  if (decisions.length === 0) return null;
  return (
    <Section title="Decisions">
      <DecisionList decisions={decisions} />
      <Older log={log} />
    </Section>
  );
}
