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
