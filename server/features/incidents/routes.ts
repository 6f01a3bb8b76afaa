import { incidentsEndpoints, type IncidentsView } from "../../../contract/features/incidents.ts";
import type { Mount } from "../../http/mount.ts";
import type { Autofixer } from "./incident-relay.ts";

/** PM2 may wait for the process to end before it starts it again. */
const retryTimeoutMs = 45_000;

/** Endpoints of incidents; the autofixer owns them and is asked for everything but the last known view. */
export function mountIncidents(
  mount: Mount,
  { autofixer, view }: { autofixer: Autofixer; view: () => IncidentsView },
): void {
  mount(
    "incidents",
    incidentsEndpoints,
  )({
    view,
    list: ({ query }) => autofixer.incidents({ query }),
    get: ({ params }) => autofixer.incident({ params }),
    dismiss: ({ params }) => autofixer.dismiss({ params }),
    retry: ({ params }) => autofixer.retry({ params }, { timeoutMs: retryTimeoutMs }),
  });
}
