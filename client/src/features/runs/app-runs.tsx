import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlus, IconRobot } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { RunTable } from "./run-table.tsx";
import { useRunList } from "./use-run-list.ts";

/** What agents did and do in one app; part of its page. */
export function AppRuns({ appId }: { appId: string }) {
  const navigate = useNavigate();
  const compareWith = useCallback(
    (compare: string) => navigate({ to: "/agents", search: { tab: "runs", app: appId, compare } }),
    [navigate, appId],
  );
  const list = useRunList({ state: "", provider: "", app: appId, group: "", text: "" });
  const runs = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const newRun = (variant: "filled" | "default") => (
    <ActionLink to="/agents" search={{ new: "1", app: appId }} variant={variant} leftSection={<IconPlus size={14} />}>
      New run
    </ActionLink>
  );
  if (list.isPending) return <LoadingState rows={4} rowHeight={56} label="Loading the runs" />;
  if (list.data === undefined)
    return <ErrorState title="Could not load the runs" error={list.error} onRetry={() => void list.refetch()} />;
  if (runs.length === 0) {
    return (
      <EmptyState
        icon={IconRobot}
        title="No agent has worked here yet"
        text="Say what is to be done in this app and walk away; it asks you before it changes anything."
        action={newRun("filled")}
      />
    );
  }
  return (
    <Section title="Runs" actions={newRun("default")}>
      <RunTable runs={runs} onCompare={compareWith} />
      {list.hasNextPage ? (
        <Button mt="md" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show older runs
        </Button>
      ) : null}
    </Section>
  );
}
