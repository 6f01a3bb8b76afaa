import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createOutputRing } from "./output-ring.ts";

test("whatever the pieces, the last bytes are held under their own numbers", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 12 }), fc.nat(100), (pieces, startAt) => {
      const ring = createOutputRing(16_384, startAt);
      for (const piece of pieces) ring.append(piece);
      const all = Buffer.concat(pieces);
      expect(ring.end).toBe(startAt + all.length);
      expect(ring.end - ring.start).toBeLessThanOrEqual(16_384);
      expect(ring.end - ring.start).toBeGreaterThanOrEqual(Math.min(all.length, 16_384));
      const held = ring.read(ring.start, ring.end - ring.start);
      expect(held.equals(all.subarray(ring.start - startAt))).toBe(true);
    }),
  );
});

test("any part that is held can be read, and nothing else", () => {
  const ring = createOutputRing(8192);
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 251));
  for (let at = 0; at < bytes.length; at += 777) ring.append(bytes.subarray(at, at + 777));
  fc.assert(
    fc.property(fc.integer({ min: ring.start, max: ring.end }), fc.nat(8192), (from, wanted) => {
      const length = Math.min(wanted, ring.end - from);
      expect(ring.read(from, length).equals(bytes.subarray(from, from + length))).toBe(true);
      expect(Buffer.concat(ring.view(from, length)).equals(bytes.subarray(from, from + length))).toBe(true);
    }),
  );
  expect(() => ring.read(ring.start - 1, 1)).toThrow(RangeError);
  expect(() => ring.read(ring.end, 1)).toThrow(RangeError);
});

test("memory grows with what is held and is given back", () => {
  const ring = createOutputRing(2 * 1024 * 1024);
  expect(ring.allocated).toBe(0);
  ring.append(Buffer.alloc(100, 1));
  expect(ring.allocated).toBe(4096);
  ring.append(Buffer.alloc(5 * 1024 * 1024, 2));
  expect(ring.allocated).toBe(2 * 1024 * 1024);
  ring.shrink(1000);
  expect(ring.allocated).toBe(1000);
  expect(ring.read(ring.end - 1000, 1000).equals(Buffer.alloc(1000, 2))).toBe(true);
});
