import { expect, test } from "vitest";

import { schemaRows, typeText } from "./schema-rows.ts";

test("values inside of others follow them, with what limits them", () => {
  const rows = schemaRows({
    type: "object",
    required: ["files"],
    properties: {
      count: { type: "integer", default: 10, minimum: 1, maximum: 20, description: "Most results" },
      files: {
        type: "array",
        maxItems: 50,
        items: { type: "object", required: ["name"], properties: { name: { type: "string", maxLength: 200 } } },
      },
    },
  });
  expect(rows).toEqual([
    {
      path: "count",
      type: "whole number",
      isRequired: false,
      details: "default 10, from 1, up to 20",
      description: "Most results",
    },
    { path: "files", type: "list of record", isRequired: true, details: "at most 50", description: "" },
    { path: "files[].name", type: "text", isRequired: true, details: "at most 200 characters", description: "" },
  ]);
});

test("types are told in words", () => {
  expect(typeText({ type: "string", enum: ["a", "b"] })).toBe('"a" or "b"');
  expect(typeText({ anyOf: [{ type: "string" }, { type: "null" }] })).toBe("text or nothing");
  expect(typeText({ type: ["integer", "null"] })).toBe("whole number or nothing");
  expect(typeText({ type: "string", format: "uri" })).toBe("address");
  expect(typeText({})).toBe("anything");
});

test("a schema within itself ends", () => {
  const tree: Record<string, unknown> = { type: "object" };
  tree["properties"] = { child: tree };
  expect(schemaRows(tree).length).toBeLessThan(10);
});
