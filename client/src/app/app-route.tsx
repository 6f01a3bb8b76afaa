import { AppPage } from "../features/apps/app-page.tsx";
import { IncidentList } from "../features/incidents/incident-list.tsx";
import { useLiveIncidents } from "../features/incidents/use-incidents.ts";

/** The page of an app with the tab another feature brings; a feature does not import a feature, so they meet here. */
export function AppRoute() {
  const active = useLiveIncidents().data?.active ?? [];
  return (
    <AppPage
      others={(appId) => [
        {
          id: "incidents",
          label: "Incidents",
          count: active.filter(({ process }) => process.appId === appId).length,
          content: <IncidentList appId={appId} />,
        },
      ]}
    />
  );
}
