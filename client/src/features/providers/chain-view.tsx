import { Button, SegmentedControl } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Chain, ChainStep, ProviderHealth, ProviderList, Tier } from "../../../../contract/features/providers.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { errorToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconArrowRight, IconHeartbeat } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./chain.module.css";
import { statusOf, tiers } from "./provider-words.ts";

interface ChainViewProps {
  list: ProviderList;
  /** Who is asked first. */
  id: string;
}

/** Who is asked after whom for a kind of work, as a graph; one press asks each of them whether it answers. */
export function ChainView({ list, id }: ChainViewProps) {
  const client = useQueryClient();
  const [tier, setTier] = useState<Tier>("medium");
  const input = { params: { id }, query: { tier } };
  // what is on, limited or configured changes with the list, so the chain is asked for again with it
  const version =
    list.health.map(({ id: of, state }) => `${of}${state}`).join() +
    list.providers.map(({ updatedAt }) => updatedAt).join();
  const { data, error, isPending, refetch } = useQuery({
    ...callQuery("providers.chain", input),
    queryKey: [...callKey("providers.chain", input), version],
    placeholderData: (previous: Chain | undefined) => previous,
  });
  const test = useMutation({
    mutationFn: () => call("providers.checkChain", { params: { id }, body: { tier } }),
    onSuccess: (chain) => {
      client.setQueryData([...callKey("providers.chain", input), version], chain);
    },
    onError: (failure) => {
      errorToast("Could not test the chain", failure);
    },
  });
  return (
    <div className={classes["view"]}>
      <div className={classes["head"]}>
        <SegmentedControl
          aria-label="Kind of work"
          data={tiers.map((value) => ({ value, label: value }))}
          value={tier}
          onChange={(value) => {
            const chosen = tiers.find((one) => one === value);
            if (chosen === undefined) return;
            setTier(chosen);
            test.reset();
          }}
        />
        <Button
          leftSection={<IconHeartbeat size={14} />}
          loading={test.isPending}
          onClick={() => {
            test.mutate();
          }}
        >
          Test
        </Button>
      </div>
      {data === undefined && isPending ? <LoadingState rows={1} rowHeight={64} label="Loading the chain" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the chain" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data === undefined ? null : <Graph chain={data} health={list.health} isTested={test.isSuccess} />}
    </div>
  );
}

interface GraphProps {
  chain: Chain;
  health: readonly ProviderHealth[];
  /** It was tested just now, so what stands there is the answer. */
  isTested: boolean;
}

function Graph({ chain, health, isTested }: GraphProps) {
  const seenOf = (step: ChainStep) => health.find(({ id }) => id === step.providerId);
  const first = chain.steps.find((step) => step.skipReason === null && seenOf(step)?.state === "up");
  return (
    <>
      <ol className={classes["chain"]} aria-label="Asked in this order">
        {chain.steps.map((step, index) => (
          <li key={step.providerId} className={classes["step"]}>
            {index === 0 ? null : <IconArrowRight size={16} aria-hidden="true" />}
            <Node step={step} seen={seenOf(step)} isTested={isTested} isFirst={isTested && step === first} />
          </li>
        ))}
      </ol>
      {chain.problem === null ? null : <Notice tone="warn">{chain.problem}</Notice>}
      {chain.steps.length === 1 && chain.problem === null ? (
        <p className={classes["note"]}>Nobody is asked after it. Edit the provider to name a fallback.</p>
      ) : null}
      {isTested ? (
        <p className={classes["note"]} role="status">
          {first === undefined ? "Nobody of them would answer now." : `${first.providerName} would answer now.`}
        </p>
      ) : null}
    </>
  );
}

interface NodeProps {
  step: ChainStep;
  seen: ProviderHealth | undefined;
  isTested: boolean;
  /** It is the one who would answer. */
  isFirst: boolean;
}

function Node({ step: { providerName, model, skipReason }, seen, isTested, isFirst }: NodeProps) {
  const isUp = seen?.state === "up";
  return (
    <div className={classes["node"]} data-skipped={skipReason !== null || undefined} data-first={isFirst || undefined}>
      <span className={classes["line"]}>
        <strong>{providerName}</strong>
        <StatusBadge status={statusOf(seen)} isCompact />
      </span>
      <span className={classes["note"]}>
        <span className="mono">{model ?? "its own choice"}</span>
        {isTested && isUp && seen.latencyMs !== null ? ` · ${String(seen.latencyMs)} ms` : null}
      </span>
      {skipReason === null ? null : <span className={classes["note"]}>Would be left out: {skipReason}</span>}
      {seen?.message == null || skipReason !== null ? null : <span className={classes["note"]}>{seen.message}</span>}
    </div>
  );
}
