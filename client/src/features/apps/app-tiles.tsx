import type { App } from "../../../../contract/features/apps.ts";
import type { Metrics } from "../../../../contract/features/processes.ts";
import { appSeries } from "../../lib/run-app.ts";
import { AppCard, AppCards } from "../../ui/app-card.tsx";
import { AppMenu } from "./app-menu.tsx";

interface AppTilesProps {
  label: string;
  apps: readonly App[];
  metrics: Metrics | undefined;
}

/** Apps as cards, each with its whole menu. */
export function AppTiles({ label, apps, metrics }: AppTilesProps) {
  return (
    <AppCards label={label} apps={apps}>
      {(app) => <AppCard app={app} cpuSeries={appSeries(metrics, app, "cpuPercent")} menu={<AppMenu app={app} />} />}
    </AppCards>
  );
}
