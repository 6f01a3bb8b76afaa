import { lazy, Suspense } from "react";

import { AgentsPage } from "../features/runs/agents-page.tsx";
import { useLiveTasks } from "../features/tasks/use-tasks.ts";
import { useLiveReviews } from "../lib/live-queries.ts";
import { useSearchState } from "../lib/search-state.ts";
import { ApprovalsLink } from "../ui/approvals-link.tsx";
import { LoadingState } from "../ui/loading-state.tsx";
import { Page, usePageTab, type PageTab } from "../ui/page.tsx";

const BoardTab = lazy(async () => {
  const module = await import("../features/tasks/board-tab.tsx");
  return { default: module.BoardTab };
});

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

const WorktreesTab = lazy(async () => {
  const module = await import("../features/worktrees/worktrees-tab.tsx");
  return { default: module.WorktreesTab };
});

/** Work given to agents, in tabs, each of which draws the page with all of them. */
export function AgentsRoute() {
  const reviews = useLiveReviews().data;
  const tasks = useLiveTasks();
  const [search] = useSearchState();
  // Whoever gave tasks looks at them first; a new run, or runs of one kind, are asked for by name.
  const isAboutRuns = ["new", "state", "provider", "group", "compare"].some((name) => search[name] !== undefined);
  const isBoardFirst = (tasks.data?.tasks.length ?? 0) > 0 && !isAboutRuns;
  const tabs: PageTab[] = [
    { id: "board", label: "Board", isDefault: isBoardFirst },
    { id: "runs", label: "Runs", isDefault: !isBoardFirst },
    { id: "reviews", label: "Reviews", count: reviews?.open.length },
    { id: "worktrees", label: "Worktrees" },
    { id: "chief", label: "Chief of staff" },
  ];
  const current = usePageTab(tabs);
  if (tasks.isPending && search["tab"] === undefined) return <Loading tabs={tabs} />;
  return (
    <Suspense fallback={<Loading tabs={tabs} />}>
      {current === "board" ? <BoardTab tabs={tabs} /> : null}
      {current === "runs" ? <AgentsPage tabs={tabs} /> : null}
      {current === "chief" ? <ChiefPage tabs={tabs} learning={<LearningSection />} /> : null}
      {current === "reviews" ? <ReviewsTab tabs={tabs} /> : null}
      {current === "worktrees" ? <WorktreesTab tabs={tabs} /> : null}
    </Suspense>
  );
}

/** With the frame of what comes, so that nothing jumps. */
function Loading({ tabs }: { tabs: readonly PageTab[] }) {
  return (
    <Page title="Agents" layout="wide" tabs={tabs} actions={<ApprovalsLink />}>
      <LoadingState rows={6} rowHeight={56} label="Loading" />
    </Page>
  );
}
