import { Button } from "@mantine/core";

import { ActionLink } from "../../ui/action-link.tsx";
import { IconColumns3 } from "../../ui/icons.gen.ts";
import classes from "./compare-bar.module.css";
import { chosenText, isRunId, mostChosen } from "./compared-runs.ts";
import { useLiveRuns } from "./use-live-run.ts";

interface CompareBarProps {
  ids: readonly string[];
  onCancel: () => void;
}

/** What is chosen so far, also of what the list does not show, and the way to see it side by side. */
export function CompareBar({ ids, onCancel }: CompareBarProps) {
  const titles = useLiveRuns(ids.filter(isRunId)).map(({ data }) => data?.title ?? "…");
  const isEnough = ids.length >= 2;
  return (
    <section className={classes["bar"]} aria-label="Compare runs">
      <div className={classes["words"]}>
        <p className={classes["count"]} role="status">
          {countWords(ids.length)}
        </p>
        {titles.length === 0 ? null : (
          <p className={`${classes["titles"] ?? ""} truncate`} title={titles.join(" · ")}>
            {titles.join(" · ")}
          </p>
        )}
      </div>
      <div className={classes["buttons"]}>
        <Button onClick={onCancel}>Cancel</Button>
        {isEnough ? (
          <ActionLink
            to="/agents/compare"
            search={{ runs: chosenText(ids) }}
            variant="filled"
            leftSection={<IconColumns3 size={14} />}
          >
            Compare {ids.length} runs
          </ActionLink>
        ) : (
          <Button variant="filled" leftSection={<IconColumns3 size={14} />} disabled>
            Compare
          </Button>
        )}
      </div>
    </section>
  );
}

function countWords(count: number): string {
  if (count === 0) return "Choose two to four runs";
  if (count === 1) return "1 chosen, choose one more";
  return count >= mostChosen ? `${String(count)} chosen, which is the most` : `${String(count)} chosen`;
}
