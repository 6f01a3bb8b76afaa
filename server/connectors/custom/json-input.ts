import { createHash } from "node:crypto";

import { z } from "zod";

import { refuseManyAlternatives } from "./schema-alternatives.ts";

/** Words of JSON Schema that only describe, or that a hostile pattern could use to keep the processor busy. */
const dropped = new Set(["pattern", "patternProperties", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor"]);
const named = new Set(["properties", "$defs", "definitions"]);
const deepest = 40;

/** What is in use, by a digest of its schema: definitions are looked at again and again, and making one takes time and memory. */
const inUse = new Map<string, WeakRef<z.ZodObject>>();
const forgotten = new FinalizationRegistry<string>((digest) => {
  if (inUse.get(digest)?.deref() === undefined) inUse.delete(digest);
});

/**
 * The parameters of an operation as the framework checks them, from a JSON Schema of an object; the same one for the same schema.
 * Throws an `Error` that says what cannot be read in it.
 */
export function inputFromJson(schema: Readonly<Record<string, unknown>>): z.ZodObject {
  const plain = simplified(schema, 0) as Record<string, unknown>;
  const digest = createHash("sha256").update(JSON.stringify(plain)).digest("base64");
  const before = inUse.get(digest)?.deref();
  if (before) return before;
  refuseManyAlternatives(plain);
  const made = madeFromJson(plain);
  inUse.set(digest, new WeakRef(made));
  forgotten.register(made, digest);
  return made;
}

function madeFromJson(plain: Record<string, unknown>): z.ZodObject {
  const whole = { ...plain, type: "object", additionalProperties: plain["additionalProperties"] ?? false };
  const made = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]);
  if (made instanceof z.ZodObject) return made;
  throw new Error("must describe an object");
}

/**
 * As `inputFromJson`, for a schema nobody here has written: what cannot be read in it is left to the other side, field by field.
 */
export function toleratedInput(schema: Readonly<Record<string, unknown>>): z.ZodObject {
  try {
    return inputFromJson(schema);
  } catch {
    const { properties, required, $defs, definitions } = schema;
    if (typeof properties !== "object" || properties === null) return z.looseObject({});
    const needed = new Set(Array.isArray(required) ? (required as unknown[]) : []);
    const fields = Object.entries(properties).map(([name, part]) => {
      const one = fieldOrAny({ type: "object", properties: { [name]: part as unknown }, $defs, definitions }, name);
      return [name, needed.has(name) ? one : one.optional()] as const;
    });
    return z.looseObject(Object.fromEntries(fields));
  }
}

function fieldOrAny(schema: Record<string, unknown>, name: string): z.ZodType {
  const known = Object.fromEntries(Object.entries(schema).filter(([, part]) => part !== undefined));
  try {
    return (inputFromJson({ ...known, required: [name] }).shape[name] as z.ZodType | undefined) ?? z.unknown();
  } catch {
    return z.unknown();
  }
}

/** `isNames`: its fields are names somebody chose, not words of JSON Schema. */
function simplified(part: unknown, depth: number, isNames = false): unknown {
  if (depth > deepest) throw new Error(`is nested deeper than ${deepest} levels`);
  if (Array.isArray(part)) return part.map((entry) => simplified(entry, depth + 1));
  if (typeof part !== "object" || part === null) return part;
  const kept = Object.entries(part).filter(([name]) => isNames || !dropped.has(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [name, isData(name, isNames) ? value : simplified(value, depth + 1, named.has(name))]),
  );
}

function isData(name: string, isNames: boolean): boolean {
  return !isNames && (name === "enum" || name === "const" || name === "default" || name === "examples");
}
