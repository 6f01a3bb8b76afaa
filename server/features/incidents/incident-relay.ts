import type { IncidentsView } from "../../../contract/features/incidents.ts";
import type { autofixerEndpoints, Incident } from "../../../contract/internal/autofixer.ts";
import type { ProcessName } from "../../../contract/ports.ts";
import type { Clock } from "../../../lib/clock.ts";
import { createFollower } from "../../../lib/follow-changes.ts";
import type { InternalClient } from "../../../lib/internal-client.ts";
import type { Logger } from "../../../lib/logger.ts";

export type Autofixer = InternalClient<typeof autofixerEndpoints>;

export interface IncidentRelayOptions {
  autofixer: Autofixer;
  onChange(view: IncidentsView): void;
  /** An unsettled incident is new or in another state. */
  onIncident(incident: Incident): void;
  /** The autofixer was heard: these are unsettled now, these were settled lately. */
  onHeard(active: readonly Incident[], settled: readonly Incident[]): void;
  onFallen(name: ProcessName, isFallen: boolean): void;
  /** Nobody wants to hear of it: its app was deleted, for good or until that is undone. */
  isHidden(incident: Incident): boolean;
  clock: Clock;
  logger: Logger;
}

const answerWithinMs = 5_000;

/** Follows portos-autofixer, remembers its unsettled incidents, and tells what became of each. */
export function createIncidentRelay(options: IncidentRelayOptions) {
  const { autofixer, onIncident, onFallen, clock } = options;
  let view: IncidentsView = { isAutofixerUp: false, asOf: null, active: [], fallen: [] };

  let heardLast: { active: Incident[]; settled: readonly Incident[] } = { active: [], settled: [] };

  function set(next: IncidentsView): void {
    view = next;
    options.onChange(view);
  }

  function show(): void {
    const active = heardLast.active.filter((incident) => !options.isHidden(incident));
    const known = new Map(view.active.map(({ id, status }) => [id, status]));
    set({ ...view, active });
    for (const incident of active) if (known.get(incident.id) !== incident.status) onIncident(incident);
    options.onHeard(
      active,
      heardLast.settled.filter((incident) => !options.isHidden(incident)),
    );
  }

  const follower = createFollower({
    ask: (after, waitMs, signal) =>
      autofixer.changes(
        { query: { waitMs, ...(after === undefined ? {} : { after }) } },
        { signal, timeoutMs: waitMs + answerWithinMs },
      ),
    onChange: ({ active, settled }) => {
      heardLast = { active, settled };
      view = { ...view, isAutofixerUp: true, asOf: new Date(clock.now()).toISOString() };
      show();
    },
    onLost: () => {
      set({ ...view, isAutofixerUp: false });
    },
    logger: options.logger,
  });

  return {
    view: (): IncidentsView => view,
    /** What is hidden has changed. */
    renew: show,
    /** Our own processes that PM2 has given up on now. */
    setFallen(fallen: ProcessName[]): void {
      const before = view.fallen;
      if (fallen.join() === before.join()) return;
      set({ ...view, fallen });
      for (const name of fallen) if (!before.includes(name)) onFallen(name, true);
      for (const name of before) if (!fallen.includes(name)) onFallen(name, false);
    },
    start: (): void => {
      follower.start();
    },
    stop: (): void => {
      follower.stop();
    },
  };
}
