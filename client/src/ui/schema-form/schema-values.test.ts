import { describe, expect, it } from "vitest";

import { readJson } from "./json-field.tsx";
import { fieldsOf } from "./schema-fields.ts";
import {
  errorsBelow,
  fallbackText,
  fits,
  problemsOf,
  readNumbers,
  UnreadableText,
  withValue,
} from "./schema-values.ts";

const fields =
  fieldsOf({
    type: "object",
    required: ["to"],
    properties: {
      to: { type: "string" },
      count: { type: "integer" },
      any: {},
      files: {
        type: "array",
        items: { type: "object", required: ["name"], properties: { name: { type: "string" }, data: {} } },
      },
      names: { type: "array", items: { type: "string" } },
      headers: { type: "object", additionalProperties: { type: "string" } },
      size: { type: "string", enum: ["s", "l"] },
    },
  }) ?? [];

describe("problemsOf", () => {
  it("says what is wrong with a number in the words of the server", () => {
    const limits = fieldsOf({
      type: "object",
      properties: { count: { type: "integer", minimum: 1, maximum: 9 }, part: { type: "number" } },
    });
    const said = (count: unknown) => problemsOf(limits ?? [], { count, part: 1.5 });
    expect(said(-5)).toEqual({ count: "must be at least 1" });
    expect(said(10)).toEqual({ count: "must be at most 9" });
    expect(said(1.5)).toEqual({ count: "must be a whole number" });
    expect(said(new UnreadableText("-", "must be a number"))).toEqual({ count: "must be a number" });
    expect(said(9)).toEqual({});
  });

  it("names what is missing and what cannot be read, also inside of rows", () => {
    expect(problemsOf(fields, {})).toEqual({ to: "is needed" });
    expect(
      problemsOf(fields, {
        to: "x",
        any: new UnreadableText("{", "is no JSON"),
        files: [{ name: "a" }, { data: new UnreadableText("[", "is no JSON") }],
      }),
    ).toEqual({ any: "is no JSON", "files.1.name": "is needed", "files.1.data": "is no JSON" });
    expect(problemsOf(fields, { to: "x", any: null, files: [{ name: "a" }] })).toEqual({});
  });
});

describe("withValue", () => {
  it("takes out what is not given", () => {
    expect(withValue({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 });
    expect(withValue({ a: 1 }, "a", false)).toEqual({ a: false });
  });
});

describe("fits", () => {
  it("is true only for what the form can show without losing any of it", () => {
    expect(fits(fields, { to: "x", count: 3, names: ["a"], headers: { a: "b" }, size: "s" })).toBe(true);
    expect(fits(fields, { unknown: 1 })).toBe(false);
    expect(fits(fields, { count: "3" })).toBe(false);
    expect(fits(fields, { size: "xl" })).toBe(false);
    expect(fits(fields, { names: ["two\nlines"] })).toBe(false);
    expect(fits(fields, { headers: { a: 1 } })).toBe(false);
    expect(fits(fields, { files: [{ name: "a", more: 1 }] })).toBe(false);
    expect(fits(fields, { to: null })).toBe(false);
  });
});

describe("errorsBelow", () => {
  it("gives the errors of one field by their paths inside of it", () => {
    expect(errorsBelow({ "rows.0.name": "is needed", rows: "too many", rowsmore: "no" }, "rows")).toEqual({
      "0.name": "is needed",
    });
  });
});

describe("readJson", () => {
  it("reads JSON, nothing, and what is half written", () => {
    expect(readJson(" ")).toBeUndefined();
    expect(readJson("null")).toBeNull();
    expect(readJson('{"a":1}')).toEqual({ a: 1 });
    expect(readJson('{"a":')).toEqual(new UnreadableText('{"a":', "is no JSON"));
  });
});

describe("readNumbers", () => {
  it("reads numbers however they are set apart, and nothing else", () => {
    expect(readNumbers("8443, 9000;1\n2")).toEqual([8443, 9000, 1, 2]);
    expect(readNumbers("  ")).toBeUndefined();
    expect(readNumbers("84a")).toEqual(new UnreadableText("84a", "must be numbers, such as 8443, 9000"));
  });
});

describe("fallbackText", () => {
  it("shows what holds when nothing is given", () => {
    expect([fallbackText(5), fallbackText(["a", "b"]), fallbackText({}), fallbackText("x")]).toEqual([
      "5",
      "a, b",
      "",
      "x",
    ]);
  });
});
