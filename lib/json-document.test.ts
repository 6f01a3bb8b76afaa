import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { formatDocument, readDocument } from "./json-document.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const listRules = { schema: z.strictObject({ items: z.array(z.strictObject({ id: z.string() })) }), version: 1 };

describe("documents", () => {
  test("any JSON value comes back as it was written", () => {
    const rules = { schema: z.unknown(), version: 3 };
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        const reading = readDocument(encode(formatDocument(plain, 3)), rules);
        expect(reading).toEqual({ kind: "good", value: plain, storedVersion: 3 });
      }),
    );
  });

  test("no cut of a document is read as another document", () => {
    const text = formatDocument({ items: [{ id: "eins" }, { id: "zwei { } ]" }] }, 1);
    for (let length = 0; length < text.trimEnd().length; length += 1)
      expect(readDocument(encode(text.slice(0, length)), listRules).kind).toBe("bad");
  });

  test("no change of a single byte throws", () => {
    const bytes = encode(formatDocument({ items: [{ id: "grün" }] }, 1));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = byte;
        expect(["good", "bad", "newer"]).toContain(readDocument(damaged, listRules).kind);
      }),
    );
  });

  test("a byte order mark and data without the envelope are accepted", () => {
    expect(readDocument(encode(`\uFEFF{"items":[]}`), listRules)).toMatchObject({ kind: "good", value: { items: [] } });
  });

  test.each([
    ["nothing", encode(""), "it is empty"],
    ["UTF-16", Buffer.from("\uFEFF{}", "utf16le"), "it is not UTF-8 text"],
    ["UTF-16 without a mark", Buffer.from(`{"items":[]}`, "utf16le"), "NUL bytes"],
    ["Latin-1", Buffer.from(`{"items":[{"id":"grün"}]}`, "latin1"), "it is not UTF-8 text"],
    ["NUL bytes", new Uint8Array(4_096), "NUL bytes"],
    ["half a document", encode(`{"items":[{"id"`), "it is not JSON"],
    ["another shape", encode(`{"version":1,"data":{"items":[{"id":5}]}}`), "items.0.id"],
    ["an unknown older version", encode(`{"version":1,"data":{}}`), "version 1", 2],
  ])("%s is bad, and the reason says so", (_name, bytes, reason, version = 1) => {
    const reading = readDocument(bytes, { ...listRules, version });
    expect(reading).toMatchObject({ kind: "bad", reason: expect.stringContaining(reason) as string });
  });

  test("a newer version is neither read nor called damaged", () => {
    expect(readDocument(encode(formatDocument({ items: [] }, 2)), listRules)).toEqual({
      kind: "newer",
      storedVersion: 2,
    });
  });

  test("older versions migrate step by step", () => {
    const rules = {
      schema: z.array(z.string()),
      version: 3,
      migrations: { 1: (data: unknown) => [data], 2: (data: unknown) => [...(data as unknown[]), "three"] },
    };
    expect(readDocument(encode(formatDocument("one", 1)), rules)).toEqual({
      kind: "good",
      value: ["one", "three"],
      storedVersion: 1,
    });
  });

  test("a migration that throws is a bad document", () => {
    const migrations = {
      1: () => {
        throw new Error("no list");
      },
    };
    expect(readDocument(encode(formatDocument(1, 1)), { schema: z.unknown(), version: 2, migrations })).toEqual({
      kind: "bad",
      reason: "it could not be brought from version 1 to 2: no list",
    });
  });

  test.each([
    ["a list", "items", { items: [{ id: "a" }, { id: 5, name: "Five" }, null, { id: "b" }] }],
    ["a list that is the document", null, [{ id: "a" }, { id: 5, name: "Five" }, null, { id: "b" }]],
  ])("bad entries of %s are left out and named", (_name, list, data) => {
    const entry = z.strictObject({ id: z.string() });
    const schema = list === null ? z.array(entry) : z.strictObject({ items: z.array(entry) });
    const rules = { schema: schema as z.ZodType, version: 1, isolate: { list, entry } };
    const reading = readDocument(encode(JSON.stringify(data)), rules);
    const kept = [{ id: "a" }, { id: "b" }];
    expect(reading).toMatchObject({ kind: "partly", value: list === null ? kept : { items: kept } });
    expect(reading).toMatchObject({ reason: expect.stringMatching(/entry 1 \(Five\): id.*entry 2: /) as string });
  });

  test("entries of a record are isolated by key", () => {
    const rules = { schema: z.record(z.string(), z.int()), version: 1, isolate: { list: null, entry: z.int() } };
    expect(readDocument(encode(`{"a":1,"b":"x"}`), rules)).toMatchObject({ kind: "partly", value: { a: 1 } });
  });

  test("what is wrong beside the entries is not hidden by isolation", () => {
    const rules = { ...listRules, isolate: { list: "items", entry: z.strictObject({ id: z.string() }) } };
    expect(readDocument(encode(`{"items":[{"id":1}],"other":1}`), rules).kind).toBe("bad");
  });
});
