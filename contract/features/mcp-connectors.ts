import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { connectorIdSchema, effectSchema, operationNameSchema } from "./connectors.ts";
import { customAuthSchema, customFieldSchema, fieldName, line, template } from "./custom-parts.ts";

/** A program that speaks MCP over its standard input and output. */
export const mcpProgramSchema = z.strictObject({
  kind: z.literal("stdio"),
  /** A program in `PATH`, or an absolute path; no shell reads it. */
  command: line(1_000).min(1, "must not be empty"),
  args: z.array(line(10_000)).max(100).default([]),
  /** Folder it starts in; the home folder when left out. */
  folder: line(4_000).regex(/^\//, "must be an absolute path").nullable().default(null),
  /** Added to the allow-listed environment: `{field}` is a field of the configuration, secrets too. */
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be the name of a variable"), template)
    .default({}),
  /** Runs in bubblewrap: no network, nothing of PortOS and no secrets of the home folder, files only to be read. */
  isConfined: z.boolean().default(false),
  /** What it may write where it is confined. */
  writable: z.array(line(4_000).regex(/^\//, "must be an absolute path")).max(20).default([]),
});
export type McpProgram = z.output<typeof mcpProgramSchema>;

/** How requests to a server are signed in; `oauth`: on its own page, by the user, as the MCP specification says. */
export const mcpAuthSchema = z.discriminatedUnion("kind", [
  ...customAuthSchema.options,
  z.strictObject({
    kind: z.literal("oauth"),
    /** Where its sign-in does not register programs by itself: what it knows PortOS by. */
    clientId: line(500).min(1, "must not be empty").nullable().default(null),
    /** Name of a secret field of the configuration. */
    clientSecret: fieldName.nullable().default(null),
    /** What is asked for, parted by spaces; what the server says when left out. */
    scope: line(2_000).nullable().default(null),
  }),
]);
export type McpAuth = z.output<typeof mcpAuthSchema>;

/** A server reached over streamable HTTP. */
export const mcpAddressSchema = z.strictObject({
  kind: z.literal("http"),
  /** "https://mcp.example.com/mcp", with fields of the configuration that are no secret. */
  url: template.min(1, "must not be empty"),
  /** The address lies on this machine or in this network, and may be called there. */
  isInside: z.boolean().default(false),
  auth: mcpAuthSchema.default({ kind: "none" }),
});
export type McpAddress = z.output<typeof mcpAddressSchema>;

/** A tool as the server describes it; what of it an agent is told and what it takes. */
export const mcpToolFactsSchema = z.strictObject({
  tool: z.string().min(1).max(200),
  title: z.string().max(200),
  description: z.string().max(20_000),
  /** JSON Schema of the parameters: an object. */
  input: z.record(z.string(), z.json()),
  /** What the server says about it; nobody has checked that. */
  hints: z.strictObject({
    isReadOnly: z.boolean().nullable(),
    isDestructive: z.boolean().nullable(),
    isIdempotent: z.boolean().nullable(),
  }),
  /** Of everything above: it tells whether the server describes the tool in another way than before. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type McpToolFacts = z.output<typeof mcpToolFactsSchema>;

/** A tool that was accepted: an operation. */
export const mcpToolSchema = mcpToolFactsSchema.extend({
  /** Name of the operation. */
  name: operationNameSchema,
  effect: effectSchema,
  isToPeople: z.boolean().default(false),
});
export type McpTool = z.output<typeof mcpToolSchema>;

/** A connector whose operations are the tools of an MCP server, as it stands in `data/connectors/<id>.json`. */
export const mcpConnectorSchema = z.strictObject({
  kind: z.literal("mcp"),
  id: connectorIdSchema,
  title: line(80).min(1, "must not be empty"),
  description: z.string().max(1_000).default(""),
  config: z.array(customFieldSchema).max(50).default([]),
  server: z.discriminatedUnion("kind", [mcpProgramSchema, mcpAddressSchema]),
  /** Those that were accepted, as they were then. */
  tools: z.array(mcpToolSchema).max(500).default([]),
});
export type McpConnector = z.output<typeof mcpConnectorSchema>;
export type McpConnectorInput = z.input<typeof mcpConnectorSchema>;

/** Whom one talks to. */
export const mcpServerInfoSchema = z.strictObject({ name: z.string(), version: z.string() });
export type McpServerInfo = z.output<typeof mcpServerInfoSchema>;

/**
 * `new`: nobody has accepted it; `changed`: the server describes it otherwise than it was accepted, so it is held back;
 * `gone`: accepted, and not offered any more.
 */
export const mcpToolStateSchema = z.enum(["accepted", "new", "changed", "gone"]);
export type McpToolState = z.output<typeof mcpToolStateSchema>;

export const mcpToolViewSchema = z.strictObject({
  tool: z.string(),
  state: mcpToolStateSchema,
  /** As the server describes it now; `null` when it does not offer it. */
  offered: mcpToolFactsSchema.nullable(),
  accepted: mcpToolSchema.nullable(),
  /** What the server's hints come to. */
  suggestedEffect: effectSchema,
  /** Fields that are not as they were accepted. */
  changes: z.array(z.enum(["title", "description", "input", "hints"])),
});
export type McpToolView = z.output<typeof mcpToolViewSchema>;

/** How one signs in to a server, as it was found before anybody does. */
export const signInOfferSchema = z.strictObject({
  /** Host of the page the user signs in on: "auth.example.com". */
  host: z.string(),
  /** Other hosts that are asked meanwhile, for tokens for example. */
  otherHosts: z.array(z.string()),
  /** What it is asked for; empty where nothing is said. */
  scopes: z.array(z.string()),
  /** It does not register programs by itself: the user has to enter a client id. */
  needsClientId: z.boolean(),
  /** Of all that was found: signing in goes there and nowhere else. */
  mark: z.string(),
});
export type SignInOffer = z.output<typeof signInOfferSchema>;

/** What a server offers, beside what was accepted of it. */
export const mcpToolsSchema = z.strictObject({
  /** When it was looked at; `null`: never. */
  at: z.iso.datetime().nullable(),
  server: mcpServerInfoSchema.nullable(),
  tools: z.array(mcpToolViewSchema),
  /** How it runs now, in one sentence. */
  runs: z.string(),
  /** Of a server that lets nobody in who has not signed in on its page; `null` otherwise. */
  signIn: signInOfferSchema.nullable(),
});
export type McpTools = z.output<typeof mcpToolsSchema>;

const params = z.strictObject({ id: connectorIdSchema });
const largestBytes = 4 * 1024 * 1024;
/** A tool is accepted as it was seen: another hash is refused. */
const acceptedTool = z.strictObject({
  tool: z.string().min(1).max(200),
  hash: mcpToolFactsSchema.shape.hash,
  effect: effectSchema,
  isToPeople: z.boolean().default(false),
});

export const mcpConnectorsEndpoints = defineEndpoints({
  look: {
    method: "POST",
    path: "/api/mcp-connectors/look",
    summary: "Look which tools an MCP server offers, before it is added",
    /** Nothing is kept; `values` are those of the fields of its configuration, secrets too. */
    body: z.strictObject({
      definition: mcpConnectorSchema,
      values: z.record(z.string(), z.unknown()).default({}),
    }),
    maxBodyBytes: largestBytes,
    reply: mcpToolsSchema,
    audit: "write",
    stepUp: "allow",
  },
  create: {
    method: "POST",
    path: "/api/mcp-connectors",
    summary: "Add an MCP server as a connector",
    body: z.strictObject({
      definition: mcpConnectorSchema,
      /** What it offered when it was looked at, and which of that is accepted. */
      server: mcpServerInfoSchema.nullable().default(null),
      offered: z.array(mcpToolFactsSchema).max(1_000).default([]),
      accept: z.array(acceptedTool).max(500).default([]),
    }),
    maxBodyBytes: largestBytes,
    reply: mcpConnectorSchema,
    audit: "write",
    stepUp: "allow",
  },
  update: {
    method: "PUT",
    path: "/api/mcp-connectors/:id",
    summary: "Change how an MCP server is reached",
    params,
    body: mcpConnectorSchema,
    maxBodyBytes: largestBytes,
    reply: mcpConnectorSchema,
    audit: "write",
    stepUp: "allow",
  },
  tools: {
    method: "GET",
    path: "/api/mcp-connectors/:id/tools",
    summary: "Show the tools of an MCP server, accepted and offered",
    params,
    reply: mcpToolsSchema,
    audit: "none",
  },
  refresh: {
    method: "POST",
    path: "/api/mcp-connectors/:id/refresh",
    summary: "Ask an MCP server for its tools anew",
    params,
    reply: mcpToolsSchema,
    audit: "write",
  },
  accept: {
    method: "POST",
    path: "/api/mcp-connectors/:id/accept",
    summary: "Accept tools of an MCP server as they are offered now",
    params,
    body: z.strictObject({
      tools: z.array(acceptedTool).max(500),
      /** Tools that shall no longer be operations. */
      drop: z.array(z.string().min(1).max(200)).max(500).default([]),
    }),
    reply: mcpToolsSchema,
    audit: "write",
    stepUp: "allow",
  },
});
