import { describe, expect, it } from "vitest";

import { fieldsOf, labelOf, type JsonSchema } from "./schema-fields.ts";

function only(property: JsonSchema, more: JsonSchema = {}) {
  const fields = fieldsOf({ type: "object", properties: { value: property }, ...more });
  expect(fields).toHaveLength(1);
  return fields?.[0];
}

describe("fieldsOf", () => {
  it("chooses a control for every kind of value", () => {
    expect(only({ type: "string" })?.shape).toEqual({ kind: "text", isLong: false, isAddress: false });
    expect(only({ type: "string", format: "uri", maxLength: 4_000 })?.shape).toMatchObject({ isAddress: true });
    expect(only({ type: "string", maxLength: 20_000 })?.shape).toMatchObject({ isLong: true });
    expect(only({ type: "string", contentEncoding: "base64" })?.shape).toEqual({ kind: "file" });
    expect(only({ type: "integer", minimum: 1, maximum: 65_535 })?.shape).toEqual({
      kind: "number",
      isInteger: true,
      min: 1,
      max: 65_535,
    });
    expect(only({ type: "boolean" })?.shape).toEqual({ kind: "boolean" });
    expect(only({ type: "string", enum: ["a", "b"] })?.shape).toMatchObject({ kind: "choice" });
    expect(only({ type: "array", items: { type: "string" } })?.shape).toEqual({ kind: "lines" });
    expect(only({ type: "array", items: { type: "string", enum: ["a"] } })?.shape).toMatchObject({ kind: "choices" });
    expect(only({ type: "object", additionalProperties: { type: "string" } })?.shape).toEqual({ kind: "pairs" });
    expect(only({})?.shape).toEqual({ kind: "json" });
    expect(only({ type: "array", items: { type: "number" } })?.shape).toEqual({ kind: "numbers" });
    expect(only({ type: "array", items: {} })?.shape).toEqual({ kind: "json" });
  });

  it("says no limit where the limit is only that of whole numbers", () => {
    expect(only({ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER })?.shape).toMatchObject({
      min: 0,
      max: null,
    });
  });

  it("makes rows of lists of records and a group of a record", () => {
    const record = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    expect(only({ type: "array", items: record })?.shape).toMatchObject({
      kind: "rows",
      fields: [{ name: "name", isRequired: true }],
    });
    expect(only(record)?.shape).toMatchObject({ kind: "group", fields: [{ name: "name" }] });
  });

  it("writes records that may hold more than they name as JSON", () => {
    const open = { type: "object", properties: { type: { type: "string" } }, additionalProperties: {} };
    expect(only(open)?.shape).toEqual({ kind: "json" });
    expect(only({ type: "array", items: open })?.shape).toEqual({ kind: "json" });
  });

  it("takes X or nothing as X that may be left out", () => {
    expect(only({ anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] })?.shape).toMatchObject({
      kind: "number",
      min: 1,
    });
    expect(only({ type: ["string", "null"] })?.shape).toMatchObject({ kind: "text" });
    expect(only({ anyOf: [{ const: "a", title: "The a" }, { const: 2 }] })?.shape).toEqual({
      kind: "choice",
      choices: [
        { value: "a", label: "The a" },
        { value: 2, label: "2" },
      ],
    });
    expect(only({ anyOf: [{ type: "string" }, { type: "integer" }] })?.shape).toEqual({ kind: "json" });
  });

  it("follows references and does not go round in circles", () => {
    const defs = { name: { type: "string", enum: ["x"] }, loop: { $ref: "#/$defs/loop" } };
    expect(only({ $ref: "#/$defs/name", description: "Which" }, { $defs: defs })).toMatchObject({
      description: "Which",
      shape: { kind: "choice" },
    });
    expect(only({ $ref: "#/$defs/loop" }, { $defs: defs })?.shape).toEqual({ kind: "json" });
    expect(only({ $ref: "#/$defs/none" }, { $defs: defs })?.shape).toEqual({ kind: "json" });
    const tree: JsonSchema = {
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#" } } },
    };
    let fields = fieldsOf(tree);
    let depth = 0;
    for (; fields !== null && fields[0]?.shape.kind === "rows"; depth += 1) fields = [...fields[0].shape.fields];
    expect(fields?.[0]?.shape.kind).toBe("json");
    expect(depth).toBeLessThan(10);
  });

  it("asks for what is required, unless something holds without it", () => {
    const schema = { type: "object", required: ["a", "b"], properties: { a: { type: "string" }, b: { default: 3 } } };
    expect(fieldsOf(schema)).toMatchObject([
      { name: "a", isRequired: true },
      { name: "b", isRequired: false, fallback: 3 },
    ]);
  });

  it("is null for what is no record", () => {
    expect(fieldsOf({ type: "string" })).toBeNull();
    expect(fieldsOf({})).toBeNull();
  });
});

describe("labelOf", () => {
  it("makes words of names", () => {
    expect(labelOf("maxChars")).toBe("Max chars");
    expect(labelOf("reply_to-all")).toBe("Reply to all");
    expect(labelOf("url")).toBe("Url");
  });
});
