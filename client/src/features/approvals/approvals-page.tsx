import { useSearchState } from "../../lib/search-state.ts";
import { useLiveApprovals } from "../../lib/live-queries.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { Page, usePageTab, type PageTab } from "../../ui/page.tsx";
import { ApprovalDetails } from "./approval-details.tsx";
import { ApprovalHistory } from "./approval-history.tsx";
import { RuleList } from "./rule-list.tsx";
import { WaitingList } from "./waiting-list.tsx";

/** Questions of agents and of calls to the outside: those that wait, those settled, and the rules that answer without asking. */
export function ApprovalsPage() {
  const live = useLiveApprovals();
  const [search, setSearch] = useSearchState();
  const tabs: PageTab[] = [
    { id: "waiting", label: "Waiting", count: live.data?.pending.length },
    { id: "history", label: "History" },
    { id: "rules", label: "Rules" },
  ];
  const current = usePageTab(tabs);
  const chosen = search["approval"];
  const isWaiting = live.data?.pending.some(({ id }) => id === chosen) === true;
  return (
    <Page title="Approvals" tabs={tabs} aside={<AgeNote updatedAt={live.dataUpdatedAt} isStale={live.isError} />}>
      {current === "waiting" ? <WaitingList live={live} chosen={chosen} /> : null}
      {current === "history" ? <ApprovalHistory /> : null}
      {current === "rules" ? <RuleList /> : null}
      {chosen === undefined || live.isPending || (current === "waiting" && isWaiting) ? null : (
        <ApprovalDetails
          id={chosen}
          onClose={() => {
            setSearch({ approval: null });
          }}
        />
      )}
    </Page>
  );
}
