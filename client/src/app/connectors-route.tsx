import { lazy, Suspense } from "react";

import { ConnectorsPage } from "../features/connectors/connectors-page.tsx";
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

const tabs: readonly PageTab[] = [
  { id: "catalogue", label: "Catalogue" },
  { id: "evidence", label: "Evidence" },
  { id: "queue", label: "Queue" },
  { id: "webhooks", label: "Webhooks" },
  { id: "trust", label: "Trust" },
];

/** How we talk to the outside, in tabs, each of which draws the page with all of them. */
export function ConnectorsRoute() {
  const current = usePageTab(tabs);
  return (
    <Suspense fallback={<Loading />}>
      {current === "catalogue" ? <ConnectorsPage tabs={tabs} /> : null}
      {current === "evidence" ? <EvidenceTab tabs={tabs} /> : null}
      {current === "queue" ? <QueueTab tabs={tabs} /> : null}
      {current === "webhooks" ? <HooksTab tabs={tabs} /> : null}
      {current === "trust" ? <TrustTab tabs={tabs} /> : null}
    </Suspense>
  );
}

/** With the frame of what comes, so that nothing jumps. */
function Loading() {
  return (
    <Page title="Connectors" layout="wide" tabs={tabs}>
      <LoadingState rows={6} rowHeight={56} label="Loading" />
    </Page>
  );
}
