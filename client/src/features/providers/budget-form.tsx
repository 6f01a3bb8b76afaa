import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { BudgetState, DailyBudget } from "../../../../contract/features/usage.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { formatCount, formatSpent, formatTokens } from "../../lib/format.ts";
import { toast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./providers.module.css";

/** What all runs of a day may use together; when it is used up no further run starts. */
export function BudgetForm() {
  const { data, error, isPending, refetch } = useQuery(callQuery("usage.budget"));
  return (
    <Section title="Daily budget">
      {data === undefined && isPending ? <LoadingState rows={1} rowHeight={80} label="Loading the budget" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the budget" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data === undefined ? null : <Form key={JSON.stringify(data.budget)} state={data} />}
    </Section>
  );
}

function Form({ state }: { state: BudgetState }) {
  const client = useQueryClient();
  const [budget, setBudget] = useState<DailyBudget>(state.budget);
  const save = useMutation({
    mutationFn: () => call("usage.setBudget", { body: budget }),
    onSuccess: (saved) => {
      client.setQueryData(callKey("usage.budget"), saved);
      toast({ kind: "ok", text: "The daily budget is saved" });
    },
  });
  const errors = fieldErrors(save.error);
  const { used } = state;
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <p className={classes["sub"]}>
        Today {formatSpent(used)} and {formatTokens(used.inputTokens + used.outputTokens)} tokens were used. When a
        limit is reached, runs that go on are stopped and no further one starts until midnight.
      </p>
      {state.exceeded === null ? null : <Notice tone="warn">{state.exceeded}</Notice>}
      {budget.costUsd !== null && used.unpriced > 0 ? (
        <Notice tone="warn">
          {formatCount(used.unpriced, "answer")} of today {used.unpriced === 1 ? "has" : "have"} no known price and{" "}
          {used.unpriced === 1 ? "is" : "are"} not counted in dollars. Set prices of the models, or a limit of tokens.
        </Notice>
      ) : null}
      <div className={classes["pair"]}>
        <NumberInput
          label="Dollars"
          placeholder="no limit"
          min={0}
          decimalScale={2}
          value={budget.costUsd ?? ""}
          error={errors["costUsd"]}
          onChange={(value) => {
            setBudget({ ...budget, costUsd: value === "" ? null : Number(value) });
          }}
        />
        <NumberInput
          label="Tokens"
          placeholder="no limit"
          min={0}
          thousandSeparator=" "
          value={budget.tokens ?? ""}
          error={errors["tokens"]}
          onChange={(value) => {
            setBudget({ ...budget, tokens: value === "" ? null : Number(value) });
          }}
        />
      </div>
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div>
        <Button type="submit" loading={save.isPending}>
          Save the budget
        </Button>
      </div>
    </form>
  );
}
