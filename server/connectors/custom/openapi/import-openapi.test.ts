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

/** Schemas that refer to ten others each, all of them to be had from everywhere. */
function entangled(count: number, operations: number): string {
  const at = (n: number) => ({ $ref: `#/components/schemas/S${n % count}` });
  const all = Array.from({ length: count }, (_, n) => [
    `S${n}`,
    { type: "object", properties: Object.fromEntries(Array.from({ length: 10 }, (__, m) => [`p${m}`, at(n * 7 + m)])) },
  ]);
  const body = (n: number) => ({ content: { "application/json": { schema: at(n) } } });
  const paths = Array.from({ length: operations }, (_, n) => [`/p${n}`, { post: { requestBody: body(n) } }]);
  const schemas = Object.fromEntries(all) as object;
  return small({ components: { schemas }, paths: Object.fromEntries(paths) as object });
}

test("of schemas that all refer to each other each operation gets no more than what is small enough", () => {
  const draft = importOpenApi(entangled(200, 200));
  expect(draft.operations).toHaveLength(200);
  expect(JSON.stringify(draft.operations).length).toBeLessThan(3_000_000);
  for (const { input } of draft.operations) expect(JSON.stringify(input).length).toBeLessThan(70_000);
  expect(draft.warnings.some((warning) => warning.includes("so large that a part of it is not described"))).toBe(true);
  expect(draft.operations[0]?.input["properties"]).toHaveProperty("p9");
  const few = importOpenApi(entangled(30, 40));
  expect(few.warnings).toEqual([]);
  expect(Object.keys(few.operations[39]?.input["$defs"] as object)).toHaveLength(30);
});

function nested(levels: number): object {
  let schema: object = { type: "string" };
  for (let level = 0; level < levels; level += 1) schema = { type: "object", properties: { a: schema } };
  return schema;
}

function taking(schema: object): object {
  return { post: { parameters: [{ name: "x", in: "query", schema }] } };
}

test("schemas nested without end are left out, or taken as anything; the rest is there", () => {
  const text = small({
    components: { schemas: { Deep: nested(1_500), "50%": { type: "integer" } } },
    paths: {
      "/own": taking(nested(1_500)),
      "/shared": taking({ $ref: "#/components/schemas/Deep" }),
      "/good": taking(nested(5)),
      "/percent": taking({ $ref: "#/components/schemas/50%" }),
    },
  });
  const { operations, warnings } = importOpenApi(text);
  expect(operations.map(({ path }) => path)).toEqual(["/shared", "/good", "/percent"]);
  expect(operations[0]?.input["$defs"]).toEqual({ d1: {} });
  expect(operations[2]?.input["$defs"]).toEqual({ d2: { type: "integer" } });
  expect(warnings).toEqual([
    "POST /own: left out, what it takes is nested deeper than 36 levels.",
    "POST /shared: what it takes is so large that a part of it is not described.",
  ]);
});
