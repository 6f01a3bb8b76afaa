import { useQuery } from "@tanstack/react-query";

import { callQuery } from "../../lib/call-query.ts";
import { useLiveAutomations } from "../../lib/live-queries.ts";
import { JsonText } from "../../ui/json-text.tsx";
import classes from "./automations.module.css";

/** The event that started a run, and what had led to it. */
export function StartingEvent({ id, causes }: { id: string; causes: readonly string[] }) {
  const { data: event, error } = useQuery({ ...callQuery("events.get", { params: { id } }), retry: false });
  const automations = useLiveAutomations().data?.automations ?? [];
  const nameOf = (cause: string): string =>
    automations.find(({ automation }) => automation.id === cause)?.automation.name ?? "a deleted automation";
  return (
    <section aria-label="The event" className={classes["startingEvent"]}>
      <h3>The event</h3>
      {causes.length === 0 ? null : (
        <p className={classes["sub"]}>It came about by {causes.map(nameOf).join(", then by ")}.</p>
      )}
      {error === null ? null : <p className="dim">It is kept no longer.</p>}
      {event === undefined ? null : <JsonText value={event.data} label="What the event said" />}
    </section>
  );
}
