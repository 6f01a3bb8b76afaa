import type { App } from "../../../../contract/features/apps.ts";

const rank: Record<App["status"], number> = { errored: 0, launching: 1, online: 2, stopped: 3 };

/**
 * The apps Home has room for: all of them while they fit, else stopped ones give way first. They stay in the order of
 * the list, so that a card does not jump when its app starts or stops.
 */
export function homeApps(apps: readonly App[], maxCount: number): App[] {
  const current = apps.filter((app) => !app.isArchived);
  const chosen = new Set(current.toSorted((a, b) => rank[a.status] - rank[b.status]).slice(0, maxCount));
  return current.filter((app) => chosen.has(app));
}
