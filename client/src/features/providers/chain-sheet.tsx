import { Button, SegmentedControl } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconArrowDown, IconHeartbeat } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { Chain, ProviderHealth, ProviderList, Tier } from "../../../../contract/features/providers.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { errorToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { statusOf, tiers } from "./provider-words.ts";
import classes from "./providers.module.css";

interface ChainSheetProps {
  list: ProviderList;
  providerId: string | undefined;
  onClose: () => void;
}

/** Who is asked after whom, as a graph, for each tier; one click checks all of them. */
export function ChainSheet({ list, providerId, onClose }: ChainSheetProps) {
  const provider = list.providers.find(({ id }) => id === providerId);
  return (
    <SideSheet title={`Fallbacks of ${provider?.name ?? ""}`} isOpen={provider !== undefined} onClose={onClose}>
      {provider === undefined ? null : <ChainView key={provider.id} list={list} id={provider.id} />}
    </SideSheet>
  );
}

function ChainView({ list, id }: { list: ProviderList; id: string }) {
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
  const check = useMutation({
    mutationFn: () => call("providers.checkChain", { params: { id }, body: { tier } }),
    onSuccess: (chain) => {
      client.setQueryData([...callKey("providers.chain", input), version], chain);
    },
    onError: (failure) => {
      errorToast("Could not check the chain", failure);
    },
  });
  return (
    <div className={classes["form"]}>
      <SegmentedControl
        aria-label="Kind of work"
        fullWidth
        data={tiers.map((value) => ({ value, label: value }))}
        value={tier}
        onChange={(value) => {
          const chosen = tiers.find((one) => one === value);
          if (chosen !== undefined) setTier(chosen);
        }}
      />
      {data === undefined && isPending ? <LoadingState rows={3} rowHeight={64} label="Loading the chain" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the chain" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data === undefined ? null : <Graph chain={data} health={list.health} />}
      <Button
        leftSection={<IconHeartbeat size={14} />}
        loading={check.isPending}
        onClick={() => {
          check.mutate();
        }}
      >
        Check chain
      </Button>
    </div>
  );
}

function Graph({ chain, health }: { chain: Chain; health: readonly ProviderHealth[] }) {
  return (
    <>
      <ol className={classes["chain"]}>
        {chain.steps.map((step, index) => {
          const seen = health.find(({ id }) => id === step.providerId);
          return (
            <li key={step.providerId} className={classes["step"]} data-skipped={step.skipReason !== null || undefined}>
              {index === 0 ? null : (
                <span className={classes["arrow"]} aria-hidden="true">
                  <IconArrowDown size={16} />
                </span>
              )}
              <div className={classes["node"]}>
                <span className={classes["stateLine"]}>
                  <strong>{step.providerName}</strong>
                  <StatusBadge status={statusOf(seen)} isCompact />
                </span>
                <span className={classes["sub"]}>
                  <span className="mono">{step.model ?? "its own choice"}</span>
                </span>
                {step.skipReason === null ? null : (
                  <span className={classes["message"]}>Would be left out: {step.skipReason}</span>
                )}
                {seen?.message == null || step.skipReason !== null ? null : (
                  <span className={classes["message"]}>{seen.message}</span>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      {chain.problem === null ? null : <Notice tone="warn">{chain.problem}</Notice>}
      {chain.steps.length === 1 && chain.problem === null ? (
        <p className={classes["sub"]}>Nobody is asked after it. Edit the provider to name a fallback.</p>
      ) : null}
    </>
  );
}
