import { incidentsEndpoints, type IncidentsView } from "../../../contract/features/incidents.ts";
import type { Incident } from "../../../contract/internal/autofixer.ts";
import type { Mount } from "../../http/mount.ts";
import type { Autofixer } from "./incident-relay.ts";

/** PM2 may wait for the process to end before it starts it again. */
const retryTimeoutMs = 45_000;

/** Endpoints of incidents; the autofixer owns them and is asked for everything but the last known view. */
export function mountIncidents(
  mount: Mount,
  {
    autofixer,
    view,
    isHidden,
  }: { autofixer: Autofixer; view: () => IncidentsView; isHidden: (incident: Incident) => boolean },
): void {
  mount(
    "incidents",
    incidentsEndpoints,
  )({
    view,
    async list({ query }) {
      const { items, next } = await autofixer.incidents({ query });
      return { items: items.filter((incident) => incident.closedAt !== null || !isHidden(incident)), next };
    },
    get: ({ params }) => autofixer.incident({ params }),
    dismiss: ({ params }) => autofixer.dismiss({ params }),
    retry: ({ params }) => autofixer.retry({ params }, { timeoutMs: retryTimeoutMs }),
  });
}
