import { expect, test } from "vitest";
import { z } from "zod";

import "./plain-issues.ts";

const rule = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;
const kinds = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("a") }),
  z.strictObject({ kind: z.literal("b"), size: z.number() }),
]);

test.each([
  [z.string(), undefined, "must be given"],
  [z.string(), 3, "must be a text"],
  [z.int(), 3.5, "must be a whole number"],
  [z.number(), "3", "must be a number"],
  [z.boolean(), "yes", "must be true or false"],
  [z.array(z.string()), {}, "must be a list"],
  [z.strictObject({}), [], "must be an object"],
  [z.enum(["on", "off"]), "of", 'must be one of "on" or "off"'],
  [z.literal(1), 2, "must be 1"],
  [z.string().min(1), "", "must not be empty"],
  [z.string().max(1), "ab", "must have at most 1 character"],
  [z.string().length(3), "ab", "must have exactly 3 characters"],
  [z.array(z.string()).min(2), [], "must have at least 2 entries"],
  [z.number().max(5), 6, "must be at most 5"],
  [z.number().positive(), 0, "must be more than 0"],
  [z.number().multipleOf(5), 6, "must be a multiple of 5"],
  [z.iso.datetime(), "soon", "must be a time like 2026-05-01T12:00:00Z"],
  [z.url(), "here", "must be an address like https://example.com"],
  [z.string().startsWith("a"), "b", 'must begin with "a"'],
  [z.string().regex(/^[a-z]+$/), "B", "must look like /^[a-z]+$/"],
  [z.strictObject({}), { name: 1 }, 'must not have a field called "name"'],
  [z.strictObject({}), { a: 1, b: 2 }, 'must not have fields called "a" or "b"'],
  [kinds, { kind: "c" }, 'must be one of "a" or "b"'],
  [z.union([z.string(), z.number()]), true, "has none of the allowed forms"],
  [z.string().min(2, "needs two"), "a", "needs two"],
])("%# a broken rule without words of its own is told in plain ones", (schema, value, message) => {
  expect(rule(schema, value)).toBe(message);
});
