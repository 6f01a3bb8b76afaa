import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readNdjson } from "./read-ndjson.ts";

const values = [{ status: "größer 🦙 \u2028", total: 12 }, { error: "a\nb" }, [], "text", 1.5, null];
const text = `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
const bytes = new TextEncoder().encode(text);

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}

async function read(parts: readonly Uint8Array[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const value of readNdjson(chunks(parts))) found.push(value);
  return found;
}

describe("a stream of JSON lines", () => {
  it("is read in every way it can be split in two, inside characters too", async () => {
    for (let at = 0; at <= bytes.length; at += 1)
      expect(await read([bytes.subarray(0, at), bytes.subarray(at)]), `split at ${at}`).toEqual(values);
  });

  it("is read in any split, byte by byte too", async () => {
    expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(values);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const parts = cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
        expect(await read(parts)).toEqual(values);
      }),
      { numRuns: 200 },
    );
  });

  it("needs no newline at its end, skips empty lines and takes carriage returns", async () => {
    expect(await read([new TextEncoder().encode('\n{"a":1}\r\n\n  \n{"b":2}')])).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await read([])).toEqual([]);
  });

  it("ends with an error at what is no JSON, after what came before", async () => {
    const found: unknown[] = [];
    const reading = (async () => {
      for await (const value of readNdjson(chunks([new TextEncoder().encode('{"a":1}\n<html>\n{"b":2}\n')])))
        found.push(value);
    })();
    await expect(reading).rejects.toMatchObject({ code: "upstream_failed" });
    expect(found).toEqual([{ a: 1 }]);
    await expect(read([new TextEncoder().encode('{"a":')])).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("does not wait for a line without end", async () => {
    const part = new Uint8Array(300_000).fill(0x61);
    await expect(read([part, part, part, part])).rejects.toMatchObject({ code: "upstream_failed" });
  });
});
