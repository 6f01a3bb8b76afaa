/** A part of a document nobody has looked at. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const mostSteps = 20;

/** What stands at a reference within the document, references to references followed; `null` for what is not there or elsewhere. */
export function resolveLocal(document: Json, part: unknown): Json | null {
  let current = part;
  for (let step = 0; step < mostSteps; step += 1) {
    if (!isObject(current)) return null;
    const { $ref: reference } = current;
    if (typeof reference !== "string") return current;
    current = at(document, reference);
  }
  return null;
}

function at(document: Json, reference: string): unknown {
  if (!reference.startsWith("#/")) return null;
  let current: unknown = document;
  for (const step of reference.slice(2).split("/")) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(current)) current = current[Number(name)] as unknown;
    else if (isObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return null;
  }
  return current;
}

/** Words that mean something to a reader of OpenAPI only; left out, so that forms stay small. */
const ownWords = new Set(["xml", "discriminator", "externalDocs", "example", "examples", "deprecated", "readOnly"]);
const maps = new Set(["properties", "$defs", "definitions", "patternProperties"]);

/**
 * A schema of OpenAPI as JSON Schema that stands for itself: what it refers to is in its `$defs`. `missing` is told of references
 * that lead nowhere; there anything is taken.
 */
export function selfContained(document: Json, schema: unknown, missing: (reference: string) => void): Json {
  const defs: Json = {};
  const names = new Map<string, string>();

  function nameOf(reference: string): string | null {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const target = resolveLocal(document, { $ref: reference });
    if (target === null) {
      missing(reference);
      return null;
    }
    const name = `d${String(names.size + 1)}`;
    names.set(reference, name);
    defs[name] = convert(target, false);
    return name;
  }

  function convert(part: unknown, isMap: boolean): unknown {
    if (Array.isArray(part)) return part.map((entry) => convert(entry, false));
    if (!isObject(part)) return part;
    if (!isMap && typeof part["$ref"] === "string") {
      const name = nameOf(part["$ref"]);
      return name === null ? {} : { $ref: `#/$defs/${name}` };
    }
    const kept = Object.entries(part).filter(([name]) => isMap || !(ownWords.has(name) || name.startsWith("x-")));
    const made = Object.fromEntries(kept.map(([name, value]) => [name, convert(value, !isMap && maps.has(name))]));
    return isMap ? made : modern(made);
  }

  const whole = convert(schema, false);
  if (!isObject(whole)) return {};
  return names.size === 0 ? whole : { ...whole, $defs: defs };
}

/** What OpenAPI 3.0 and 2.0 say in another way than JSON Schema. */
function modern(schema: Json): Json {
  const { nullable, ...rest } = schema;
  const made: Json = { ...rest };
  if (made["type"] === "file" || made["format"] === "binary") return { type: "string" };
  for (const [flag, limit] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof made[flag] !== "boolean") continue;
    if (made[flag] && typeof made[limit] === "number") {
      made[flag] = made[limit];
      delete made[limit];
    } else delete made[flag];
  }
  if (nullable !== true) return made;
  if (typeof made["type"] !== "string") return { anyOf: [made, { type: "null" }] };
  const { enum: choices } = made;
  return {
    ...made,
    type: [made["type"], "null"],
    ...(Array.isArray(choices) ? { enum: [...(choices as unknown[]), null] } : {}),
  };
}
