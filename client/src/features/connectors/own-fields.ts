import type { CustomConnector } from "../../../../contract/features/custom-connectors.ts";
import { trustWords } from "../../lib/gateway-words.ts";
import type { Choice, Field, Shape } from "../../ui/schema-form/schema-fields.ts";

const text: Shape = { kind: "text", isLong: false, isAddress: false };
const yesNo: Shape = { kind: "boolean" };
const json: Shape = { kind: "json" };
const pairs: Shape = { kind: "pairs" };

function choice(...choices: readonly (string | Choice)[]): Shape {
  return {
    kind: "choice",
    choices: choices.map((one) => (typeof one === "string" ? { value: one, label: one } : one)),
  };
}

interface More {
  isRequired?: boolean;
  fallback?: unknown;
}

function field(name: string, label: string, description: string, shape: Shape, more: More = {}): Field {
  return { name, label, description, shape, isRequired: more.isRequired ?? false, fallback: more.fallback };
}

const needed = { isRequired: true };

const configFields: readonly Field[] = [
  field("name", "Name", "As {name} in addresses and templates", text, needed),
  field("title", "Title", "", text, needed),
  field("description", "Description", "", text),
  field(
    "type",
    "Kind",
    "",
    choice(
      { value: "text", label: "Text" },
      { value: "number", label: "Number" },
      { value: "switch", label: "Yes or no" },
    ),
    { fallback: "text" },
  ),
  field("isSecret", "Secret", "Sealed, never given back, and only for signing in", yesNo, { fallback: false }),
  field("isRequired", "Needed", "", yesNo, { fallback: true }),
];

const operationFields: readonly Field[] = [
  field("name", "Name", "Such as find-issues", text, needed),
  field("title", "Title", "", text, needed),
  field("description", "Description", "", text),
  field(
    "effect",
    "Effect",
    "What it does outside",
    choice(
      { value: "read", label: "Changes nothing" },
      { value: "write", label: "Writes" },
      { value: "destructive", label: "Takes away for good" },
    ),
    needed,
  ),
  field("isToPeople", "People read it", "Asks before it is sent, as usual", yesNo, { fallback: false }),
  field("isIdempotent", "May be repeated", "Calling it twice is the same as calling it once", yesNo, {
    fallback: false,
  }),
  field("trust", "Trust", "How far its replies are trusted", choice(...trustWords), { fallback: "external" }),
  field("method", "Method", "", choice("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), needed),
  field("path", "Path", "Behind the base address: /repos/{owner}/{repo}", text),
  field("query", "Query", "What stands only for a parameter that is not given is left out", pairs),
  field("headers", "Headers", "", pairs),
  field("body", "Body", 'Such as {"kind": "json", "template": {"text": "{text}"}}', json),
  field("input", "Parameters", "A JSON Schema of an object", json),
  field("output", "Reply", 'What of it is given back, as JMESPath: {"as": "json", "pick": "items[*].id"}', json),
  field("examples", "Examples", "A list, each with a title and its input", json),
];

/** Every part of a connector made of data, as a form. */
export const definitionFields: readonly Field[] = [
  field("id", "Id", "Lower-case letters, digits and hyphens; it is also the name of the file", text, needed),
  field("title", "Title", "", text, needed),
  field("description", "Description", "What it is for", text),
  field(
    "baseUrl",
    "Base address",
    "https://api.example.com/v1, or with fields of the configuration: https://{site}.example.com",
    { kind: "text", isLong: false, isAddress: true },
    needed,
  ),
  field("isInside", "Inside", "The address lies on this machine or in this network", yesNo, { fallback: false }),
  field("config", "Configuration", "What has to be entered before it can be used", {
    kind: "rows",
    fields: configFields,
  }),
  field("auth", "Signing in", 'Such as {"kind": "bearer", "secret": "token"}, by the name of a secret', json, {
    fallback: { kind: "none" },
  }),
  field("headers", "Headers", "Sent with each request", pairs),
  field("operations", "Operations", "What can be called", { kind: "rows", fields: operationFields }, needed),
];

/** How an MCP server is reached, as a form. */
export const mcpFields: readonly Field[] = [
  field("title", "Title", "", text, needed),
  field("description", "Description", "What it is for", text),
  field(
    "server",
    "Server",
    'Such as {"kind": "stdio", "command": "npx", "args": ["-y", "@example/server"]}',
    json,
    needed,
  ),
  field("config", "Configuration", "What has to be entered before it can be used", {
    kind: "rows",
    fields: configFields,
  }),
];

/** What a new one begins with: works as it is, and shows how it is written. */
export const firstDefinition = {
  id: "my-service",
  title: "My service",
  baseUrl: "https://api.example.com",
  operations: [
    {
      name: "find",
      title: "Find",
      effect: "read",
      method: "GET",
      path: "/items",
      query: { q: "{text}" },
      input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    },
  ],
} as const satisfies Partial<Record<keyof CustomConnector, unknown>>;
