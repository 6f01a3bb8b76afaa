import type { AppsEvent } from "../../../contract/features/apps.ts";
import { incidentsFeed, type IncidentsView } from "../../../contract/features/incidents.ts";
import type { Notification } from "../../../contract/features/notifications.ts";
import type { ProcessSnapshot } from "../../../contract/features/processes.ts";
import { autofixerEndpoints, type Incident, type IncidentDetail } from "../../../contract/internal/autofixer.ts";
import type { ProcessName } from "../../../contract/ports.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { fallenKey, fallenNotice, incidentKey, incidentNotice, type IncidentNotice } from "./incident-notices.ts";
import { createIncidentRelay } from "./incident-relay.ts";
import { mountIncidents } from "./routes.ts";

export interface IncidentParts {
  /** Word of apps that were deleted or brought back. */
  apps: { onEvent(listener: (event: AppsEvent) => void): () => void };
  /** The processes of both PM2 homes, and word of each change. */
  processes: { current(): ProcessSnapshot; onEvent(listener: () => void): () => void; refresh(): Promise<unknown> };
  /** Told which processes the autofixer has given up on, by key, with its reason. */
  setGivenUp(reasons: ReadonlyMap<string, string>): void;
  notifications: {
    list(): Pick<Notification, "key" | "title" | "level">[];
    notify(notice: IncidentNotice): Promise<unknown>;
    settle(key: string): Promise<void>;
  };
  errors: { report(error: { source: string; message: string; hint?: string; link?: string }): void };
}

/** What other features may know of crashes. */
export interface KnownIncidents {
  get(id: string): Promise<IncidentDetail>;
  /** The autofixer answers. */
  isUp(): boolean;
  /** Unsettled ones and those settled last, as last heard. */
  heard(): { active: readonly Incident[]; settled: readonly Incident[] };
  onHeard(listener: () => void): void;
}

/** Mounts the incidents, follows the autofixer, and watches over our own processes itself. */
export function startIncidents(context: AppContext, parts: IncidentParts): KnownIncidents {
  const { mount, realtime, env, clock } = context;
  const { notifications, errors, processes, apps } = parts;
  const deleted = new Set<string>();
  const logger = context.logger.child("incidents");
  const autofixer = createInternalClient(autofixerEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.autofixer}`,
    name: "portos-autofixer",
  });

  function tell(notice: IncidentNotice | null, key: string): void {
    // After a restart of the panel everything unsettled is heard again; what was told already is not told twice.
    if (notice && notifications.list().some((known) => known.key === key && known.title === notice.title)) return;
    if (notice && notice.level !== "success")
      errors.report({ source: notice.title, message: notice.message, link: notice.link });
    (notice ? notifications.notify(notice) : notifications.settle(key)).catch((error: unknown) => {
      logger.error("An incident could not be announced", { key }, error);
    });
  }

  /** Ends what still stands in the notification centre, also when it was settled while the panel was away. */
  function tellEnds(active: readonly Incident[], settled: readonly Incident[]): void {
    const standing = new Set(active.map(({ id }) => incidentKey(id)));
    for (const { key, level } of notifications.list()) {
      if (key === null || !key.startsWith(incidentKey("")) || level === "success" || standing.has(key)) continue;
      const end = settled.find(({ id }) => incidentKey(id) === key);
      tell(end ? incidentNotice(end) : null, key);
    }
  }

  const listeners: (() => void)[] = [];
  let heard: ReturnType<KnownIncidents["heard"]> = { active: [], settled: [] };
  let givenUp = "";
  function tellGivenUp({ active }: IncidentsView): void {
    const reasons = active.flatMap(({ status, process, reason }) =>
      status === "gave-up" ? [[process.key, reason] as const] : [],
    );
    if (JSON.stringify(reasons) === givenUp) return;
    givenUp = JSON.stringify(reasons);
    parts.setGivenUp(new Map(reasons));
    processes.refresh().catch((error: unknown) => {
      logger.error("The picture of the processes could not be taken", {}, error);
    });
  }

  const isHidden = ({ process }: Incident): boolean => process.appId !== null && deleted.has(process.appId);
  const relay = createIncidentRelay({
    autofixer,
    clock,
    logger,
    isHidden,
    onChange: (view) => {
      feed.publish(view);
      tellGivenUp(view);
    },
    onIncident: (incident) => {
      tell(incidentNotice(incident), incidentKey(incident.id));
    },
    onHeard: (active, settled) => {
      tellEnds(active, settled);
      heard = { active, settled };
      for (const listener of listeners) listener();
    },
    onFallen: (name, isFallen) => {
      // The autofixer sees its siblings fall and says so itself; who else would report the autofixer?
      if (isFallen && name !== "portos-autofixer" && relay.view().isAutofixerUp) return;
      tell(isFallen ? fallenNotice(name) : null, fallenKey(name));
    },
  });
  const feed = createFeed(realtime, incidentsFeed, { snapshot: () => relay.view(), keep: 50 });
  mountIncidents(mount, { autofixer, view: () => relay.view(), isHidden });
  const lookAtOwn = (): void => {
    relay.setFallen(fallenOf(processes.current()));
  };
  context.names.add("incidents", ({ id }) => relay.view().active.find((incident) => incident.id === id)?.process.name);
  // An incident of a deleted app ends with it and comes back with it; portos-autofixer closes it when the process stays away.
  const stopListening = apps.onEvent((event) => {
    const id = event.type === "removed" ? event.id : event.app.id;
    const isNews = event.type === "removed" ? !deleted.has(id) : deleted.has(id);
    if (!isNews) return;
    if (event.type === "removed") deleted.add(id);
    else deleted.delete(id);
    relay.renew();
  });
  const stopLooking = processes.onEvent(lookAtOwn);
  lookAtOwn();
  relay.start();
  context.onStop(() => {
    stopListening();
    stopLooking();
    relay.stop();
  });
  return {
    get: (id) => autofixer.incident({ params: { id } }),
    isUp: () => relay.view().isAutofixerUp,
    heard: () => heard,
    onHeard: (listener) => void listeners.push(listener),
  };
}

function fallenOf({ processes }: ProcessSnapshot): ProcessName[] {
  return processes.flatMap(({ owner, status }) =>
    owner.kind === "portos" && status === "errored" ? [owner.name] : [],
  );
}
