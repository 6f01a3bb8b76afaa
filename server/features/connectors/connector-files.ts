import { z } from "zod";

import { connectorPolicySchema, networkModeSchema, policyChangeSchema } from "../../../contract/features/connectors.ts";
import { storedSecretSchema } from "../../../lib/secret-box.ts";
import { signInPlaceSchema } from "../../connectors/custom/mcp/sign-in/sign-in-place.ts";

const clientSchema = z.strictObject({
  id: z.string(),
  secret: storedSecretSchema,
  /** How it says who it is when it asks for tokens, where registering has settled that. */
  method: z.string().nullable(),
});

/** Where one signs in, as the user has agreed to it, and what PortOS is known by there. */
const signInWaySchema = z.strictObject({ place: signInPlaceSchema, client: clientSchema, redirectUri: z.string() });
export type SignInWay = z.output<typeof signInWaySchema>;

const signInSchema = z.strictObject({
  /** Of the server it was made for. */
  address: z.string(),
  current: signInWaySchema
    .extend({
      access: storedSecretSchema,
      refresh: storedSecretSchema,
      scope: z.string().nullable(),
      since: z.iso.datetime(),
      /** When the access token ends, as far as it is known. */
      until: z.iso.datetime().nullable(),
      /** Why it does not count any more. */
      ended: z.string().nullable(),
      /** What was asked for besides and is not covered. */
      missing: z.string().nullable(),
    })
    .nullable(),
  /** Somebody is on the page just now: taken away before the way back is redeemed, so that it counts once. */
  pending: signInWaySchema
    .extend({
      /** SHA-256. */
      state: z.string(),
      verifier: storedSecretSchema,
      until: z.iso.datetime(),
    })
    .nullable(),
});
export type SignInRecord = z.output<typeof signInSchema>;

const connectorRecordSchema = z.strictObject({
  isEnabled: z.boolean().default(false),
  /** Without the secrets. */
  config: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), storedSecretSchema).default({}),
  /** Where each of them was to be used when it was entered. */
  secretPlaces: z.record(z.string(), z.array(z.string())).default({}),
  /** Tokens of whoever signed in on its page. */
  signIn: signInSchema.nullable().default(null),
  /** Of the connector it was configured for, where that can become another one; see `Connector.binding`. */
  binding: z.string().nullable().default(null),
  /** Grows with each change of the configuration. */
  revision: z.int().min(0).default(0),
  updatedAt: z.iso.datetime().nullable().default(null),
});
export type ConnectorRecord = z.output<typeof connectorRecordSchema>;

/** A connector nobody has touched: it is off, so that nothing leaves. */
export const untouched: ConnectorRecord = connectorRecordSchema.parse({});

const connectorsSchema = z.strictObject({
  /** Whether connectors that are on may call. */
  mode: networkModeSchema.default("online"),
  modeSince: z.iso.datetime().nullable().default(null),
  modeBy: z.string().nullable().default(null),
  connectors: z.record(z.string(), connectorRecordSchema),
});
export type ConnectorsFile = z.output<typeof connectorsSchema>;

/** How `data/connectors.json` is opened. */
export const connectorsFile = {
  schema: connectorsSchema,
  initial: connectorsSchema.parse({ connectors: {} }),
  version: 1,
  isolate: { list: "connectors", entry: connectorRecordSchema },
};

const policyRecordSchema = z.strictObject({
  policy: connectorPolicySchema,
  /** Newest first. */
  history: z.array(policyChangeSchema),
});

const policiesSchema = z.strictObject({ policies: z.record(z.string(), policyRecordSchema) });
export type PoliciesFile = z.output<typeof policiesSchema>;

/** How `data/policies.json` is opened. A policy that cannot be read is no reason to do without one: see `createPolicyStore`. */
export const policiesFile = {
  schema: policiesSchema,
  initial: { policies: {} },
  version: 1,
};
