import type { ReactNode } from "react";

import { Page, usePageTab, type PageTab } from "../../ui/page.tsx";
import { AccessTab } from "./access-tab.tsx";
import { BackupsTab } from "./backups-tab.tsx";
import { ProcessesTab } from "./processes-tab.tsx";
import { SettingsTab } from "./settings-tab.tsx";

/** A tab of another feature, placed between the processes and the backups. */
export interface SystemTab extends PageTab {
  readonly content: ReactNode;
}

/** The panel itself: its processes, the machine, backups, settings, and how it is reached. */
export function SystemPage({ others }: { others: readonly SystemTab[] }) {
  const tabs: SystemTab[] = [
    { id: "processes", label: "Processes", content: <ProcessesTab /> },
    ...others,
    { id: "backups", label: "Backups", content: <BackupsTab /> },
    { id: "access", label: "Access", content: <AccessTab /> },
    { id: "settings", label: "Settings", content: <SettingsTab /> },
  ];
  const current = usePageTab(tabs);
  return (
    <Page title="System" tabs={tabs}>
      {tabs.find((tab) => tab.id === current)?.content}
    </Page>
  );
}
