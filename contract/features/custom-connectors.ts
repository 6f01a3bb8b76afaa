import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { connectorIdSchema, effectSchema, operationNameSchema, trustTierSchema } from "./connectors.ts";
import { customAuthSchema, customFieldSchema, fieldName, headerName, line, template } from "./custom-parts.ts";
import { mcpConnectorSchema } from "./mcp-connectors.ts";

/** What is sent; a text of a JSON template that is nothing but `{name}` becomes the value itself, of whatever type. */
export const customBodySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("json"), template: z.json() }),
  z.strictObject({ kind: z.literal("form"), fields: z.record(z.string().max(200), template) }),
  z.strictObject({ kind: z.literal("text"), template, contentType: line(200).default("text/plain; charset=utf-8") }),
  /** A GraphQL document; parameters with these names are its variables. */
  z.strictObject({
    kind: z.literal("graphql"),
    query: z.string().min(1).max(100_000),
    variables: z.array(fieldName).max(100).default([]),
  }),
]);
export type CustomBody = z.output<typeof customBodySchema>;

export const customOperationSchema = z.strictObject({
  name: operationNameSchema,
  title: line(80).min(1, "must not be empty"),
  description: z.string().max(1_000).default(""),
  effect: effectSchema,
  /** People read what it writes. */
  isToPeople: z.boolean().default(false),
  /** Calling it twice is the same as calling it once. */
  isIdempotent: z.boolean().default(false),
  trust: trustTierSchema.default("external"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
  /** Behind the base address: "/repos/{owner}/{repo}". */
  path: template.regex(/^(?:\/.*)?$/s, "must be empty or begin with a slash").default(""),
  /** What stands only for a parameter that is not given is left out. */
  query: z.record(z.string().max(200), template).default({}),
  headers: z.record(headerName, template).default({}),
  body: customBodySchema.default({ kind: "none" }),
  /** JSON Schema of the parameters: an object. */
  input: z.record(z.string(), z.json()).default({ type: "object", properties: {} }),
  /** What of the reply is given back: a JMESPath expression over its JSON; all of it without one. */
  output: z
    .strictObject({
      as: z.enum(["json", "text"]).default("json"),
      pick: z.string().max(2_000).nullable().default(null),
    })
    .default({ as: "json", pick: null }),
  examples: z
    .array(z.strictObject({ title: line(80), input: z.record(z.string(), z.json()) }))
    .max(20)
    .default([]),
});
export type CustomOperation = z.output<typeof customOperationSchema>;

/** A connector made of data, as it stands in `data/connectors/<id>.json`. */
export const customConnectorSchema = z.strictObject({
  id: connectorIdSchema,
  title: line(80).min(1, "must not be empty"),
  description: z.string().max(1_000).default(""),
  /** "https://api.example.com/v1", "https://{site}.example.com", or just `{field}` of the configuration. */
  baseUrl: template.min(1, "must not be empty"),
  /** The base address lies on this machine or in this network, and may be called there. */
  isInside: z.boolean().default(false),
  config: z.array(customFieldSchema).max(50).default([]),
  auth: customAuthSchema.default({ kind: "none" }),
  /** Sent with each request. */
  headers: z.record(headerName, template).default({}),
  operations: z.array(customOperationSchema).min(1, "must have at least one").max(500),
});
export type CustomConnector = z.output<typeof customConnectorSchema>;
export type CustomConnectorInput = z.input<typeof customConnectorSchema>;

/** Requests that are declared, an MCP server, or a program. */
export const customKindSchema = z.enum(["http", "mcp", "module"]);
export type CustomKind = z.output<typeof customKindSchema>;

/** A file of `data/connectors/` that is in force, or why it is not. */
export const customFileSchema = z.strictObject({
  file: z.string(),
  kind: customKindSchema,
  /** `null` for what cannot be read, and for a module. */
  definition: z.union([customConnectorSchema, mcpConnectorSchema]).nullable(),
  /** What is wrong with it, each with the field. */
  problems: z.array(z.strictObject({ path: z.string(), message: z.string() })),
});
export type CustomFile = z.output<typeof customFileSchema>;

/** A draft made of what a service says about itself; the user chooses operations of it and adds it as a connector. */
export const connectorDraftSchema = z.strictObject({
  id: connectorIdSchema,
  title: z.string(),
  description: z.string(),
  baseUrl: z.string(),
  isInside: z.boolean().default(false),
  config: z.array(customFieldSchema),
  auth: customAuthSchema,
  operations: z.array(customOperationSchema),
  /** What could not be taken over. */
  warnings: z.array(z.string()),
});
export type ConnectorDraft = z.output<typeof connectorDraftSchema>;

const params = z.strictObject({ id: connectorIdSchema });
const largestBytes = 4 * 1024 * 1024;

export const customConnectorsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/custom-connectors",
    summary: "List connectors of your own",
    reply: z.array(customFileSchema),
    audit: "none",
  },
  readOpenApi: {
    method: "POST",
    path: "/api/custom-connectors/read-openapi",
    summary: "Read an OpenAPI document as a draft of a connector",
    /** JSON or YAML; nothing is called, and nothing is kept. */
    body: z.strictObject({ document: z.string().min(1, "must not be empty").max(8_000_000) }),
    maxBodyBytes: 10 * 1024 * 1024,
    reply: connectorDraftSchema,
    audit: "none",
  },
  readGraphql: {
    method: "POST",
    path: "/api/custom-connectors/read-graphql",
    summary: "Ask a GraphQL service what it offers, as a draft of a connector",
    /** It is asked once, through the gateway; nothing is kept. */
    body: z.strictObject({
      url: z.url({ protocol: /^https?$/, error: "must be an address such as https://api.example.com/graphql" }),
      /** The address lies on this machine or in this network, and may be called there. */
      isInside: z.boolean().default(false),
      signIn: z
        .discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("none") }),
          z.strictObject({ kind: z.literal("bearer"), secret: line(10_000).min(1, "must not be empty") }),
          z.strictObject({
            kind: z.literal("header"),
            header: headerName,
            prefix: line(40).default(""),
            secret: line(10_000).min(1, "must not be empty"),
          }),
        ])
        .default({ kind: "none" }),
      /** How many levels of what it gives back are asked for. */
      depth: z.int().min(1).max(4).default(2),
    }),
    reply: connectorDraftSchema,
    audit: "write",
  },
  create: {
    method: "POST",
    path: "/api/custom-connectors",
    summary: "Add a connector of your own",
    body: customConnectorSchema,
    maxBodyBytes: largestBytes,
    reply: customConnectorSchema,
    audit: "write",
    stepUp: "allow",
  },
  update: {
    method: "PUT",
    path: "/api/custom-connectors/:id",
    summary: "Change a connector of your own",
    params,
    body: customConnectorSchema,
    maxBodyBytes: largestBytes,
    reply: customConnectorSchema,
    audit: "write",
    stepUp: "allow",
  },
  remove: {
    method: "DELETE",
    path: "/api/custom-connectors/:id",
    summary: "Remove a connector of your own",
    params,
    /** With the text of the file, so that it can be brought back. */
    reply: customFileSchema.extend({ text: z.string() }),
    audit: "write",
    stepUp: "delete",
  },
});
