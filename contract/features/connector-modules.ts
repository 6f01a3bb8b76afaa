import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { connectorIdSchema } from "./connectors.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * `new`: nobody has accepted it; `changed`: it is not as it was accepted; `failed`: it was accepted, and cannot be used as it is.
 * Only what is `accepted` runs.
 */
export const moduleStateSchema = z.enum(["accepted", "new", "changed", "failed"]);
export type ModuleState = z.output<typeof moduleStateSchema>;

/** A connector that is a program of its own, in `data/connectors/<id>.ts` or `.js`. */
export const connectorModuleSchema = z.strictObject({
  id: connectorIdSchema,
  file: z.string(),
  state: moduleStateSchema,
  /** Of the file and of those beside it that it imports, as they are now. */
  hash,
  /** All files it is made of. */
  files: z.array(z.string()),
  acceptedAt: z.iso.datetime().nullable(),
  acceptedBy: z.string().nullable(),
  /** What keeps it in, in one sentence. */
  walls: z.string(),
  /** Whether the system itself keeps it in, or Node alone. */
  isConfined: z.boolean(),
  /** Why it ended, the last time that it did so by itself. */
  failure: z.strictObject({ at: z.iso.datetime(), message: z.string() }).nullable(),
});
export type ConnectorModule = z.output<typeof connectorModuleSchema>;

const params = z.strictObject({ id: connectorIdSchema });
const source = z.string().min(1, "must not be empty").max(500_000, "must have at most 500000 characters");
const largestBytes = 2 * 1024 * 1024;

export const connectorModulesEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/connector-modules",
    summary: "List connectors that are programs of your own",
    reply: z.array(connectorModuleSchema),
    audit: "none",
  },
  get: {
    method: "GET",
    path: "/api/connector-modules/:id",
    summary: "Show a connector that is a program of your own",
    params,
    reply: connectorModuleSchema.extend({
      sources: z.array(z.strictObject({ file: z.string(), text: z.string() })),
    }),
    audit: "none",
  },
  template: {
    method: "GET",
    path: "/api/connector-module-template",
    summary: "Show what a new program begins with",
    reply: z.strictObject({ source: z.string() }),
    audit: "none",
  },
  put: {
    method: "PUT",
    path: "/api/connector-modules/:id",
    summary: "Write a connector that is a program of your own, and accept it",
    params,
    body: z.strictObject({
      source,
      /** Of what is there now; `null` for a new one. */
      replaces: hash.nullable(),
    }),
    maxBodyBytes: largestBytes,
    reply: connectorModuleSchema,
    audit: "write",
    stepUp: "allow",
  },
  accept: {
    method: "POST",
    path: "/api/connector-modules/:id/accept",
    summary: "Accept a connector that is a program of your own, as it is now",
    params,
    /** Of what was looked at: something else is not accepted. */
    body: z.strictObject({ hash }),
    reply: connectorModuleSchema,
    audit: "write",
    stepUp: "allow",
  },
});
