import { Switch } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ChiefSettings, ChiefState } from "../../../../contract/features/chief.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useLiveChief } from "../../lib/chief.ts";
import { formatCost, formatCount, formatSpent, formatTokens } from "../../lib/format.ts";
import { formatClock } from "../../lib/time.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { ApprovalsLink } from "../../ui/approvals-link.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { ChiefForm } from "./chief-form.tsx";
import { DecisionLog } from "./decision-log.tsx";
import classes from "./chief.module.css";

interface ChiefPageProps {
  tabs: readonly PageTab[];
  /** What was learned about who does which work well. */
  learning?: ReactNode;
}

/** Who gives tasks to agents: whether it may, within which limits, what it decided and why. */
export function ChiefPage({ tabs, learning }: ChiefPageProps) {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveChief();
  return (
    <Page
      title="Agents"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
      actions={<ApprovalsLink />}
    >
      {isPending ? <LoadingState rows={4} rowHeight={88} label="Loading the chief of staff" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the chief of staff" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : (
        <div className={classes["columns"]}>
          <div className={classes["main"]}>
            <Standing state={data} />
            {learning}
            <DecisionLog />
          </div>
          <div className={classes["side"]}>
            <ChiefForm key={JSON.stringify(data.settings)} saved={data.settings} zone={data.zone} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Standing({ state }: { state: ChiefState }) {
  const client = useQueryClient();
  const { settings, next, running, ready } = state;
  const put = async (changed: ChiefSettings): Promise<void> => {
    client.setQueryData(callKey("chief.get"), await call("chief.put", { body: changed }));
  };
  const turn = (isOn: boolean): void => {
    void withErrorToast(`Could not turn the chief of staff ${isOn ? "on" : "off"}`, async () => {
      await put({ ...settings, isOn });
      undoToast(`The chief of staff is ${isOn ? "on" : "off"}`, () => put({ ...settings, isOn: !isOn }));
    });
  };
  return (
    <Section title="Chief of staff" isCard>
      <div className={classes["standing"]}>
        <Switch
          size="md"
          checked={settings.isOn}
          label={settings.isOn ? "On: tasks that are ready start by themselves" : "Off: no task starts by itself"}
          onChange={(event) => {
            turn(event.currentTarget.checked);
          }}
        />
        {settings.isOn || state.panic.isOn ? (
          <p className={classes["next"]} role="status">
            {next.text}
            {next.at === null ? null : ` At ${formatClock(next.at)}.`}
          </p>
        ) : (
          <p className={classes["hint"]}>
            Turned on, it gives tasks that are ready to the agent that does such work best, within its limits. You can
            still start each by hand.
          </p>
        )}
      </div>
      <Facts
        layout="lines"
        items={[
          ["Worked on", formatCount(running, "task")],
          ["Ready", formatCount(ready, "task")],
          ["Today", <Today key="today" />],
        ]}
      />
    </Section>
  );
}

/** What was used today, and what may be. */
function Today() {
  const { data } = useQuery(callQuery("usage.budget"));
  if (data === undefined) return "–";
  const { used, budget, exceeded } = data;
  const limits = [
    budget.costUsd === null ? null : formatCost(budget.costUsd),
    budget.tokens === null ? null : `${formatTokens(budget.tokens)} tokens`,
  ].filter((limit) => limit !== null);
  return (
    <span data-tone={exceeded === null ? undefined : "warn"} className={classes["today"]}>
      {formatSpent(used)}, {formatTokens(used.inputTokens + used.outputTokens)} tokens
      {limits.length === 0 ? "; " : ` of ${limits.join(" and ")}; `}
      <Link to="/providers" search={{ tab: "usage" }}>
        {limits.length === 0 ? "set a daily budget" : "daily budget"}
      </Link>
    </span>
  );
}
