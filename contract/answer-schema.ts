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
