import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import type { ApprovalRuleInput } from "../../../../contract/features/approvals.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { approvalStatus } from "./approval-words.ts";
import classes from "./approvals.module.css";

/** What a rule would have answered of the newest questions, those answered the other way first. */
export function RulePreview({ draft }: { draft: ApprovalRuleInput }) {
  const [settled] = useDebouncedValue(draft, 300);
  // Its name changes nothing, and a rule without one may be looked at.
  const body = { ...settled, name: "Preview" };
  const named = [body.tools, body.commandPrefix, body.operations].flatMap((list) => list ?? []);
  const isDefined = named.length > 0 || body.effect === "deny";
  const isForCalls = (body.connectors ?? []).length > 0;
  const isPlaced = [body.folder, body.appId, body.runId].some(Boolean) || isForCalls || body.effect === "deny";
  const { data, isError } = useQuery({
    ...callQuery("approvals.previewRule", { body }),
    enabled: isDefined && isPlaced,
    retry: false,
  });
  if (!isDefined || !isPlaced || isError) return null;
  if (data === undefined) return <p className={classes["preview"]}>Looking at the history…</p>;
  const { looked, matched, waiting, contradicted, examples } = data;
  return (
    <div className={classes["preview"]} role="status">
      <p>
        {looked === 0
          ? "Nothing was asked so far, so nothing can be compared."
          : `Would have matched ${String(matched)} of the last ${String(looked)}.`}
        {contradicted === 0 ? null : <strong>{` You answered ${String(contradicted)} of them the other way.`}</strong>}
      </p>
      {waiting === 0 ? null : (
        <p>
          <strong>
            {`Would ${body.effect} ${formatCount(waiting, "question")} that ${waiting === 1 ? "waits" : "wait"} now, as soon as it is saved.`}
          </strong>
        </p>
      )}
      <ul role="list">
        {examples.map(({ id, title, state }) => (
          <li key={id}>
            <span className="mono">{title}</span> <StatusBadge status={approvalStatus[state]} isCompact />
          </li>
        ))}
      </ul>
    </div>
  );
}
