import { z } from "zod";

import type { Endpoint, EndpointGroup, Schema } from "../../../contract/endpoint.ts";
import { errorBodySchema } from "../../../contract/errors.ts";

type Json = Record<string, unknown>;

/** OpenAPI 3.1 of every endpoint group, written from the same schemas the server parses with. */
export function buildOpenApi(groups: Record<string, EndpointGroup>, version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [group, endpoints] of Object.entries(groups)) {
    for (const [key, endpoint] of Object.entries(endpoints)) {
      const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
      paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(`${group}.${key}`, group, endpoint) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "PortOS",
      version,
      description: "The HTTP API of one PortOS. It answers this machine and its tailnet only.",
    },
    servers: [{ url: "/" }],
    tags: Object.keys(groups).map((name) => ({ name })),
    paths,
    components: { schemas: { Error: toJsonSchema(errorBodySchema, "output") } },
  };
}

function operation(operationId: string, tag: string, endpoint: Endpoint): Json {
  const pinBefore = pinOf(endpoint);
  return {
    operationId,
    tags: [tag],
    summary: endpoint.summary,
    parameters: [...parameters(endpoint.params, "path"), ...parameters(endpoint.query, "query")],
    ...(endpoint.body && endpoint.method !== "GET"
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: toJsonSchema(endpoint.body, "input") } },
          },
        }
      : {}),
    ...(endpoint.takesRawBody ? { requestBody: { content: { "*/*": {} } } } : {}),
    responses: {
      200: {
        description: "Done",
        content:
          "raw" in endpoint.reply
            ? { [endpoint.reply.raw]: {} }
            : { "application/json": { schema: toJsonSchema(endpoint.reply, "output") } },
      },
      ...(pinBefore !== null
        ? {
            403: {
              description: `A PIN is set and this browser has not entered it (\`step_up_required\`, before: ${pinBefore})`,
              content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
            },
          }
        : {}),
      default: {
        description: "Refused or failed: what happened, what to do, and the correlation id",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

/** What the PIN stands before, and when that is not always. */
function pinOf({ stepUp, stepUpFor, stepUpWhen }: Endpoint): string | null {
  if (stepUp) return stepUp;
  if (stepUpFor) return `${stepUpFor.what}, when ${stepUpFor.field} is ${stepUpFor.value}`;
  return stepUpWhen ? `${stepUpWhen.what}, when ${stepUpWhen.when}` : null;
}

function parameters(schema: Schema | undefined, place: "path" | "query"): Json[] {
  if (!schema) return [];
  const json = toJsonSchema(schema, "input") as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || (json.required ?? []).includes(name),
    schema: property,
  }));
}

function toJsonSchema(schema: Schema, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema as unknown as z.ZodType, {
    io,
    unrepresentable: "any",
  }) as Json;
  return json;
}
