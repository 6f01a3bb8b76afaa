import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { autofixerEndpoints, incidentSchema } from "../internal/autofixer.ts";
import { processNames } from "../ports.ts";

/** Crashes that are not settled, as the panel last saw them. */
export const incidentsViewSchema = z.strictObject({
  isAutofixerUp: z.boolean(),
  /** When the autofixer was last heard; `null` before the first time. */
  asOf: z.iso.datetime().nullable(),
  active: z.array(incidentSchema),
  /** PortOS's own processes that PM2 has given up on, whether or not the autofixer is there to see it. */
  fallen: z.array(z.enum(processNames)),
});
export type IncidentsView = z.infer<typeof incidentsViewSchema>;

const { incidents, incident, dismiss, retry } = autofixerEndpoints;

export const incidentsEndpoints = defineEndpoints({
  view: {
    method: "GET",
    path: "/api/incidents/unsettled",
    summary: "Show the crashes that are not settled",
    reply: incidentsViewSchema,
    audit: "none",
  },
  list: { ...incidents, path: "/api/incidents", audit: "read" },
  get: { ...incident, path: "/api/incidents/:id", audit: "read" },
  dismiss: { ...dismiss, path: "/api/incidents/:id/dismiss" },
  retry: { ...retry, path: "/api/incidents/:id/retry" },
});

/** Every change of the unsettled incidents, all of them each time. */
export const incidentsFeed = defineFeed("incidents", { snapshot: incidentsViewSchema, event: incidentsViewSchema });
