import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { customConnectorSchema } from "../../../../contract/features/custom-connectors.ts";
import { declaredConnector, problemsOf } from "../declared-connector.ts";
import { importOpenApi } from "./import-openapi.ts";

const folder = join(import.meta.dirname, "testing");
const ollama = readFileSync(join(folder, "ollama.openapi.yaml"), "utf8");
const slack = gunzipSync(readFileSync(join(folder, "slack-web-api.2021.swagger2.json.gz"))).toString("utf8");

function operationsOf(text: string) {
  const { operations } = importOpenApi(text);
  return new Map(operations.map((operation) => [operation.name, operation]));
}

const small = (changes: object) =>
  JSON.stringify({
    openapi: "3.0.3",
    info: { title: "Small" },
    servers: [{ url: "https://a.example/v1/" }],
    ...changes,
  });

describe("documents of vendors", () => {
  test.each([
    ["Ollama, OpenAPI 3.1 in YAML", ollama, 12],
    ["Slack, Swagger 2.0", slack, 174],
  ])("%s: every operation becomes one that can be declared", (_, text, count) => {
    const { warnings, ...draft } = importOpenApi(text);
    expect(draft.operations).toHaveLength(count);
    const definition = customConnectorSchema.parse(draft);
    expect(problemsOf(definition)).toEqual([]);
    expect(Object.keys(declaredConnector(definition).operations)).toHaveLength(count);
    expect(warnings.filter((warning) => warning.includes("left out"))).toEqual([]);
  });

  test("Slack's forms, and its token that is sent by signing in", () => {
    const post = operationsOf(slack).get("chat-post-message");
    expect(post).toMatchObject({ effect: "write", method: "POST", path: "/chat.postMessage", body: { kind: "form" } });
    expect(importOpenApi(slack).auth).toEqual({ kind: "bearer", secret: "token" });
  });

  test("Ollama lies on this machine, which is said", () => {
    const { baseUrl, warnings } = importOpenApi(ollama);
    expect(baseUrl).toBe("http://localhost:11434");
    expect(warnings[0]).toContain("lies inside");
  });
});

test("parameters of path, query, header and body get names that can stand in a template", () => {
  const { operations, warnings, baseUrl, auth } = importOpenApi(
    small({
      components: {
        securitySchemes: { key: { type: "apiKey", in: "header", name: "X-Key" } },
        parameters: { page: { name: "page[size]", in: "query", schema: { type: "integer", nullable: true } } },
        schemas: {
          Node: { type: "object", properties: { next: { $ref: "#/components/schemas/Node" }, n: { type: "number" } } },
        },
      },
      paths: {
        "/things/{thing-id}": {
          parameters: [{ name: "thing-id", in: "path", required: true, schema: { type: "string" } }],
          put: {
            operationId: "updateThing",
            summary: "Update a thing",
            parameters: [
              { $ref: "#/components/parameters/page" },
              { name: "X-Trace", in: "header", schema: { type: "string" } },
              { name: "session", in: "cookie", schema: { type: "string" } },
            ],
            requestBody: {
              required: true,
              content: {
                "application/json": {
                  schema: {
                    type: "object",
                    required: ["name"],
                    properties: {
                      name: { type: "string" },
                      "thing-id": { type: "string" },
                      node: { $ref: "#/components/schemas/Node" },
                    },
                  },
                },
              },
            },
          },
          delete: {},
        },
      },
    }),
  );
  expect(baseUrl).toBe("https://a.example/v1");
  expect(auth).toEqual({ kind: "header", header: "X-Key", secret: "key", prefix: "" });
  const [update, remove] = operations;
  expect(update).toMatchObject({
    name: "update-thing",
    title: "Update a thing",
    effect: "write",
    isIdempotent: true,
    path: "/things/{thing_id}",
    query: { "page[size]": "{page_size_}" },
    headers: { "X-Trace": "{X_Trace}" },
    body: { kind: "json", template: { name: "{name}", "thing-id": "{thing_id_2}", node: "{node}" } },
    input: { required: ["thing_id", "name"] },
  });
  expect(remove).toMatchObject({ name: "delete-things-thing-id", effect: "destructive" });
  expect(warnings).toEqual(["PUT /things/{thing-id}: the cookie session is not sent."]);
});

test("what cannot be called is left out and named; the rest is there", () => {
  const { operations, warnings } = importOpenApi(
    small({
      paths: {
        "/upload": { post: { requestBody: { content: { "multipart/form-data": {} } } } },
        "/x/{id}": { get: {} },
        "/bad": { get: { parameters: [{ name: "a", in: "query", schema: { $ref: "other.yaml#/A" } }] } },
        "/good": { get: {}, head: {} },
      },
    }),
  );
  expect(operations.map(({ name }) => name)).toEqual(["get-bad", "get-good", "head-good"]);
  expect(warnings).toEqual([
    "POST /upload: left out, its body can only be sent as multipart/form-data.",
    "GET /x/{id}: left out, {id} of its address is declared nowhere.",
    "GET /bad: other.yaml#/A is not in the document.",
  ]);
});

test.each([
  ["[]", "version 2.0"],
  ['{"openapi": "4.0.0"}', "version 2.0"],
  ["{", "neither JSON nor YAML"],
  ["a: &a [x]\nb: *c", "neither JSON nor YAML"],
  [
    `a: &a ["x","x"]\n${Array.from({ length: 12 }, (_, n) => `a${n}: &a${n} [*a${n === 0 ? "" : n - 1},*a${n === 0 ? "" : n - 1},*a${n === 0 ? "" : n - 1}]`).join("\n")}`,
    "YAML",
  ],
])("what is no such document is refused: %#", (text, message) => {
  expect(() => importOpenApi(text)).toThrow(message);
});

test("a document that goes in circles comes to an end", () => {
  const loop = { $ref: "#/paths/~1a/get" };
  const { operations } = importOpenApi(small({ paths: { "/a": { get: loop, post: { parameters: [loop, loop] } } } }));
  expect(operations.map(({ name }) => name)).toEqual(["post-a"]);
});
