import type { AutomationView } from "../../../../contract/features/automations.ts";

const maxViews = 5;

/** Text that sorts what runs now before what is due later. */
function rank({ state }: AutomationView): string {
  return state.open.length > 0 ? "" : (state.nextDue ?? "~");
}

/** Automations that run now, then those due next, soonest first. */
export function upcomingViews(views: readonly AutomationView[]): AutomationView[] {
  return views
    .filter(({ state }) => state.open.length > 0 || state.nextDue !== null)
    .toSorted((a, b) => rank(a).localeCompare(rank(b)))
    .slice(0, maxViews);
}
