import { expect, test } from "vitest";

import { inputFromJson } from "../json-input.ts";
import { importGraphql } from "./import-graphql.ts";
import { introspectionSchema } from "./introspection.ts";
import { fakeSchema, wrongIn } from "./testing/fake-graphql.ts";

const schema = introspectionSchema.parse({ __schema: fakeSchema });

function queryOf(name: string, depth = 2): string {
  const { operations } = importGraphql(schema, depth);
  const found = operations.find((one) => one.name === name);
  return found?.body.kind === "graphql" ? found.body.query : "";
}

test("queries read, mutations write, and what takes away says so", () => {
  const { operations, warnings } = importGraphql(schema, 2);
  expect(operations.map(({ name, title, effect }) => [name, title, effect])).toEqual([
    ["issue", "Issue", "read"],
    ["issues", "Issues", "read"],
    ["search", "Search", "read"],
    ["version", "Version", "read"],
    ["create-issue", "Create issue", "write"],
    ["delete-issue", "Delete issue", "destructive"],
  ]);
  expect(warnings).toEqual([]);
});

test("every document asks for what there is, at any depth", () => {
  for (const depth of [1, 2, 3, 4])
    for (const { name, body } of importGraphql(schema, depth).operations)
      expect([name, body.kind === "graphql" ? wrongIn(body.query) : ["no query"]]).toEqual([name, []]);
});

test("it asks as deep as wanted, through pages, without what needs arguments, never for a thing within itself", () => {
  expect(queryOf("issue", 1)).toBe("query ($id: ID!) {\n  issue(id: $id) {\n    id\n    title\n    state\n  }\n}");
  expect(queryOf("issue", 3)).toContain("author {\n      name\n    }");
  expect(queryOf("issue", 4)).not.toContain("issues");
  expect(queryOf("issues")).toMatch(/edges \{\s+cursor\s+node \{\s+id\s+title\s+state/);
  expect(queryOf("version")).toBe("query {\n  version\n}");
});

test("of kinds of things the same name is only asked for where it means the same", () => {
  const query = queryOf("search");
  expect(query).toContain("query ($text: String!) {\n  search(_text: $text) {\n    __typename");
  expect(query).toContain("... on User {\n      name");
  expect(query).toContain("... on Repository {\n      stars\n    }");
});

test("arguments are parameters, as strict as the service is", () => {
  const { operations } = importGraphql(schema, 2);
  const inputOf = (name: string) => inputFromJson(operations.find((one) => one.name === name)?.input ?? {});
  expect(inputOf("issue").safeParse({}).success).toBe(false);
  const issues = inputOf("issues");
  expect(issues.safeParse({}).success).toBe(true);
  const filter = { text: "lamp", labels: ["a"], state: "OPEN", not: { text: "old" } };
  expect(issues.safeParse({ first: 3, filter }).success).toBe(true);
  for (const wrong of [
    { first: 1.5 },
    { filter: {} },
    { filter: { text: "x", state: "LOST" } },
    { filter: { text: "x", more: 1 } },
  ])
    expect([wrong, issues.safeParse(wrong).success]).toEqual([wrong, false]);
  expect(inputOf("create-issue").safeParse({ title: "x", due: { any: "thing" } }).success).toBe(true);
});

const named = (name: string) => ({ kind: "INPUT_OBJECT", name });
const withType = (type: unknown) => ({
  __schema: {
    queryType: { name: "Query" },
    types: [{ kind: "OBJECT", name: "Query", fields: [{ name: "a", args: [], type }] }],
  },
});

test("types that all lead to each other are written out as far as there is room, and left to the service behind that", () => {
  const count = 400;
  const inputs = Array.from({ length: count }, (_, at) => ({
    kind: "INPUT_OBJECT",
    name: `T${String(at)}`,
    inputFields: [1, 7, 31].map((step) => ({
      name: `to${String(step)}`,
      type: named(`T${String((at + step) % count)}`),
    })),
  }));
  const fields = inputs.map(({ name }) => ({
    name: `find${name}`,
    args: [{ name: "where", type: named(name) }],
    type: { kind: "SCALAR", name: "Int" },
  }));
  const query = { kind: "OBJECT", name: "Query", fields };
  const whole = introspectionSchema.parse({ __schema: { queryType: { name: "Query" }, types: [query, ...inputs] } });
  const { operations } = importGraphql(whole, 1);
  expect(operations).toHaveLength(count);
  const sizes = operations.map(({ input }) => Object.keys((input["$defs"] as object | undefined) ?? {}).length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(75);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2_000);
  expect(sizes.at(-1)).toBe(0);
});

test("a reference wrapped deeper than is asked for, or by a name that is none, is not followed", () => {
  const deep = JSON.parse(
    `${'{"kind":"LIST","ofType":'.repeat(2_000)}{"kind":"SCALAR","name":"Int"}${"}".repeat(2_000)}`,
  ) as unknown;
  expect(() => introspectionSchema.parse(withType(deep))).not.toThrow();
  expect(introspectionSchema.safeParse(withType({ kind: "SCALAR", name: "Int} evil {" })).success).toBe(false);
});
