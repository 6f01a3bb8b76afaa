import { z } from "zod";

type JsonObject = Readonly<Record<string, unknown>>;

const longestSchema = 20_000;
/** More parts than this are never looked at for one place of an answer. */
const mostAlternatives = 2_000;

/** Hold names with a schema each. */
const mapsOfSchemas = ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];
/** Hold data, in which every word stands for itself. */
const holdData = ["enum", "const", "default", "examples"];
/** Are checked against the same value as the schema they stand in. */
const samePlace = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/** May be checked against every member of the value. */
const everyMember = ["items", "prefixItems", "additionalItems", "contains", "additionalProperties", "propertyNames"];

/** Why answers cannot be held to a JSON Schema; `null` when they can. Checking one never takes long or goes round in circles. */
export function answerSchemaProblem(schema: JsonObject): string | null {
  try {
    if (JSON.stringify(schema).length > longestSchema) {
      return `must have at most ${String(longestSchema)} characters`;
    }
    const parts = schemasIn(schema);
    const forbidden = ["pattern", "patternProperties"].find((word) => parts.some((part) => Object.hasOwn(part, word)));
    if (forbidden !== undefined) return `must not use ${forbidden}`;
    z.fromJSONSchema(schema);
    if (parts.some((part) => !hasEnd(part, schema))) {
      return "must not refer to itself at the same place, nor have too many alternatives there";
    }
    return null;
  } catch {
    return "must be a JSON Schema"; // zod says of what it cannot check that it cannot
  }
}

/** More checks than this are never made of one answer; they take less than a second. */
export const mostChecks = 500_000;

/**
 * How often a part of a schema would be held against a part of an answer; more than `mostChecks` means only that it is more.
 * Alternatives that refer to what they stand in double it with every level of an answer, so it is counted, not tried.
 */
export function neededChecks(schema: JsonObject, answer: unknown): number {
  const known = new Map<JsonObject, Counted>();
  function count(part: unknown, value: unknown): number {
    if (!isObject(part)) return 0;
    const counted = known.get(part) ?? { ...partsOf(part, schema), counts: new Map<object | null, number>() };
    known.set(part, counted);
    // Texts and numbers have nothing in them that could be checked differently.
    const held = typeof value === "object" && value !== null ? value : null;
    const before = counted.counts.get(held);
    if (before !== undefined) return before;
    let sum = 1;
    const add = (inner: unknown, at: unknown): void => {
      if (sum <= mostChecks) sum += count(inner, at);
    };
    for (const inner of counted.samePlace) add(inner, held);
    for (const [name, inner] of held === null ? [] : Object.entries(held)) {
      if (Object.hasOwn(counted.named, name)) add(counted.named[name], inner);
      for (const member of counted.members) add(member, inner);
    }
    counted.counts.set(held, sum);
    return sum;
  }
  return count(schema, answer);
}

interface Counted extends ReturnType<typeof partsOf> {
  /** By the part of the answer; `null` for what has no parts. */
  counts: Map<object | null, number>;
}

/** What stands in a schema, by what it is checked against: the same value, a member of a name, every member. */
function partsOf(part: JsonObject, root: JsonObject) {
  const held = (words: readonly string[]): unknown[] => words.flatMap((word) => part[word] ?? []);
  const ref = typeof part["$ref"] === "string" ? [referred(part["$ref"], root)] : [];
  const named = isObject(part["properties"]) ? part["properties"] : {};
  return { samePlace: [...ref, ...held(samePlace)], named, members: held(everyMember) };
}

/** A schema and all that stand in it. */
function schemasIn(value: unknown): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(schemasIn);
  if (!isObject(value)) return [];
  const inside = Object.entries(value).flatMap(([word, held]) => {
    if (holdData.includes(word)) return [];
    return mapsOfSchemas.includes(word) && isObject(held) ? Object.values(held).flatMap(schemasIn) : schemasIn(held);
  });
  return [value, ...inside];
}

/** Whether what is checked at one place of an answer comes to an end. */
function hasEnd(start: JsonObject, root: JsonObject): boolean {
  const open: unknown[] = [start];
  for (let looked = 0; open.length > 0; looked += 1) {
    if (looked === mostAlternatives) return false;
    const part = open.pop();
    if (!isObject(part)) continue;
    if (typeof part["$ref"] === "string") open.push(referred(part["$ref"], root));
    open.push(...samePlace.flatMap((word) => part[word] ?? []));
  }
  return true;
}

/** What `#`, `#/$defs/name` and `#/definitions/name` stand for; others are refused anyway. */
function referred(ref: string, root: JsonObject): unknown {
  const [words, name] = ref.slice(1).split("/").filter(Boolean);
  if (words === undefined) return root;
  const named = root[words];
  return isObject(named) && name !== undefined ? named[name.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
