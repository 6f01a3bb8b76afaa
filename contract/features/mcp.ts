import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { hasHidden } from "../visible-text.ts";
import { connectorIdSchema, effectSchema, operationNameSchema } from "./connectors.ts";

/** Id of a token: what evidence says of who called with it. The token itself is another thing. */
export const mcpTokenIdSchema = z.string().regex(/^mt-[0-9a-f]{16}$/, "must be the id of a token");

/** What of PortOS itself can be looked at through tools. */
export const mcpAreas = ["apps", "logs", "runs", "terminals", "browser"] as const;
export const mcpAreaSchema = z.enum(mcpAreas);
export type McpArea = z.output<typeof mcpAreaSchema>;

const grantSchema = z.strictObject({
  connector: connectorIdSchema,
  /** `null`: every operation it has. */
  operations: z.array(operationNameSchema).max(200).nullable().default(null),
});

/** What may be done with a token, within what policies allow. */
export const mcpRightsSchema = z.strictObject({
  /** Connectors it may call; `null`: every one that is on. */
  connectors: z.array(grantSchema).max(200).nullable().default(null),
  /** What its calls of connectors may do. */
  effects: z.array(effectSchema).max(3).default(["read"]),
  /** Asks the user before a call that changes something, also where the policy would not. */
  asksBeforeWrites: z.boolean().default(true),
  areas: z.array(mcpAreaSchema).max(mcpAreas.length).default([]),
  mayRestartApps: z.boolean().default(false),
});
export type McpRights = z.output<typeof mcpRightsSchema>;

/** Who came with a token last. */
export const mcpUseSchema = z.strictObject({
  at: z.iso.datetime(),
  /** As the program calls itself. */
  client: z.string().max(120).nullable(),
  /** "this machine", or the name of the device. */
  from: z.string().max(200),
});

/** A token as the page shows it; nothing of the token itself but its last characters. */
export const mcpTokenSchema = z.strictObject({
  id: mcpTokenIdSchema,
  name: z.string(),
  last4: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  /** `null`: it holds until it is revoked. */
  expiresAt: z.iso.datetime().nullable(),
  isExpired: z.boolean(),
  lastUsed: mcpUseSchema.nullable(),
  rights: mcpRightsSchema,
  /** The run it was made for; it ends with it. */
  runId: z.string().nullable(),
});
export type McpToken = z.output<typeof mcpTokenSchema>;

/** What agents get that PortOS runs itself. */
export const mcpRunsSchema = z.strictObject({
  /** Off: they get no tools from here. */
  isOn: z.boolean().default(true),
  rights: mcpRightsSchema.default({
    connectors: null,
    effects: ["read", "write", "destructive"],
    asksBeforeWrites: true,
    areas: ["apps", "logs"],
    mayRestartApps: false,
  }),
});
export type McpRuns = z.output<typeof mcpRunsSchema>;

export const mcpStateSchema = z.strictObject({
  /** By name; those of runs last. */
  tokens: z.array(mcpTokenSchema),
  runs: mcpRunsSchema,
  /** Programs that are connected now. */
  sessions: z.int().min(0),
  /** Where programs of this machine find it. */
  url: z.string(),
  /** Program and arguments that bring it to a program's pipes. */
  bridge: z.array(z.string()),
});
export type McpState = z.output<typeof mcpStateSchema>;

const input = z.strictObject({
  /** Questions name it: it reads as it is. */
  name: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(80, "must have at most 80 characters")
    .refine((name) => !hasHidden(name), "must have no characters that nobody sees"),
  expiresAt: z.iso.datetime().nullable().default(null),
  rights: mcpRightsSchema,
});
export type McpTokenInput = z.output<typeof input>;
const params = z.strictObject({ id: mcpTokenIdSchema });

/** Tokens of programs that use PortOS as an MCP server. */
export const mcpEndpoints = defineEndpoints({
  get: {
    method: "GET",
    path: "/api/mcp",
    summary: "Show tokens of MCP clients, and what runs may use",
    reply: mcpStateSchema,
    audit: "none",
  },
  create: {
    method: "POST",
    path: "/api/mcp/tokens",
    summary: "Make a token for an MCP client",
    body: input,
    /** The one time it is shown. */
    reply: z.strictObject({ token: mcpTokenSchema, secret: z.string() }),
    audit: "write",
    stepUp: "secret",
  },
  update: {
    method: "PUT",
    path: "/api/mcp/tokens/:id",
    summary: "Change what a token of an MCP client may do",
    params,
    body: input,
    reply: mcpTokenSchema,
    audit: "write",
    stepUp: "secret",
  },
  revoke: {
    method: "POST",
    path: "/api/mcp/tokens/:id/revoke",
    summary: "Revoke a token of an MCP client",
    params,
    reply: z.strictObject({ id: mcpTokenIdSchema, name: z.string() }),
    audit: "write",
  },
  saveRuns: {
    method: "PUT",
    path: "/api/mcp/runs",
    summary: "Change what runs may use",
    body: mcpRunsSchema,
    reply: mcpRunsSchema,
    audit: "write",
    stepUp: "allow",
  },
});
