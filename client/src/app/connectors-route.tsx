import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";

import { ConnectorsPage } from "../features/connectors/connectors-page.tsx";
import { callQuery } from "../lib/call-query.ts";
import { LoadingState } from "../ui/loading-state.tsx";
import { Page, usePageTab, type PageTab } from "../ui/page.tsx";

const EvidenceTab = lazy(async () => {
  const module = await import("../features/evidence/evidence-tab.tsx");
  return { default: module.EvidenceTab };
});

const QueueTab = lazy(async () => {
  const module = await import("../features/outbox/queue-tab.tsx");
  return { default: module.QueueTab };
});

const HooksTab = lazy(async () => {
  const module = await import("../features/hooks/hooks-tab.tsx");
  return { default: module.HooksTab };
});

const TrustTab = lazy(async () => {
  const module = await import("../features/trust/trust-tab.tsx");
  return { default: module.TrustTab };
});

const McpTab = lazy(async () => {
  const module = await import("../features/mcp/mcp-tab.tsx");
  return { default: module.McpTab };
});

/** `dead`: deliveries that wait for somebody to retry or discard them. */
function tabsWith(dead: number | undefined): readonly PageTab[] {
  return [
    { id: "catalogue", label: "Catalogue" },
    { id: "evidence", label: "Evidence" },
    { id: "queue", label: "Queue", count: dead },
    { id: "webhooks", label: "Webhooks" },
    { id: "trust", label: "Trust" },
    { id: "mcp", label: "MCP" },
  ];
}

const refetchMs = 20_000;

/** How we talk to the outside, in tabs, each of which draws the page with all of them. */
export function ConnectorsRoute() {
  const dead = useQuery({
    ...callQuery("outbox.deadLetters", { query: { limit: 1 } }),
    refetchInterval: refetchMs,
  }).data?.counts.dead;
  const tabs = useMemo(() => tabsWith(dead), [dead]);
  const current = usePageTab(tabs);
  return (
    <Suspense fallback={<Loading tabs={tabs} />}>
      {current === "catalogue" ? <ConnectorsPage tabs={tabs} /> : null}
      {current === "evidence" ? <EvidenceTab tabs={tabs} /> : null}
      {current === "queue" ? <QueueTab tabs={tabs} /> : null}
      {current === "webhooks" ? <HooksTab tabs={tabs} /> : null}
      {current === "trust" ? <TrustTab tabs={tabs} /> : null}
      {current === "mcp" ? <McpTab tabs={tabs} /> : null}
    </Suspense>
  );
}

/** With the frame of what comes, so that nothing jumps. */
function Loading({ tabs }: { tabs: readonly PageTab[] }) {
  return (
    <Page title="Connectors" layout="wide" tabs={tabs}>
      <LoadingState rows={6} rowHeight={56} label="Loading" />
    </Page>
  );
}
