import { lazy, Suspense } from "react";

import { ValueField } from "../features/prompts/value-field.tsx";
import { AgentsPage } from "../features/runs/agents-page.tsx";
import { useLiveReviews } from "../lib/live-queries.ts";
import { LoadingState } from "../ui/loading-state.tsx";
import { usePageTab, type PageTab } from "../ui/page.tsx";

const ReviewsTab = lazy(async () => {
  const module = await import("../features/reviews/reviews-tab.tsx");
  return { default: module.ReviewsTab };
});

const ChiefPage = lazy(async () => {
  const module = await import("../features/chief/chief-page.tsx");
  return { default: module.ChiefPage };
});
const LearningSection = lazy(async () => {
  const module = await import("../features/learning/learning-section.tsx");
  return { default: module.LearningSection };
});

/** Work given to agents, in tabs, each of which draws the page with all of them. Runs may start from prompts: their variables are asked for as the editor of prompts does. */
export function AgentsRoute() {
  const reviews = useLiveReviews().data;
  const tabs: PageTab[] = [
    { id: "runs", label: "Runs" },
    { id: "reviews", label: "Reviews", count: reviews?.open.length },
    { id: "chief", label: "Chief of staff" },
  ];
  const current = usePageTab(tabs);
  return (
    <Suspense fallback={<LoadingState rows={6} rowHeight={56} label="Loading" />}>
      {current === "runs" ? <AgentsPage valueField={ValueField} tabs={tabs} /> : null}
      {current === "chief" ? <ChiefPage tabs={tabs} learning={<LearningSection />} /> : null}
      {current === "reviews" ? <ReviewsTab tabs={tabs} /> : null}
    </Suspense>
  );
}
