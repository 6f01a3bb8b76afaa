import { BrowserTab } from "../features/browser/browser-tab.tsx";
import { IncidentList } from "../features/incidents/incident-list.tsx";
import { useUnsettledIncidents } from "../features/incidents/use-incidents.ts";
import { PushTab } from "../features/push/push-tab.tsx";
import { SystemPage } from "../features/system/system-page.tsx";

/** The System page with the tabs other features bring; a feature does not import a feature, so they meet here. */
export function SystemRoute() {
  const incidents = useUnsettledIncidents();
  return (
    <SystemPage
      others={[
        { id: "incidents", label: "Incidents", count: incidents.data?.active.length, content: <IncidentList /> },
        { id: "browser", label: "Browser", content: <BrowserTab /> },
        { id: "notifications", label: "Notifications", content: <PushTab /> },
      ]}
    />
  );
}
