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
    const name = decoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(current)) current = current[Number(name)] as unknown;
    else if (isObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return null;
  }
  return current;
}

/** A reference that is not encoded as it should be is taken as it stands. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** What OpenAPI 3.0 and 2.0 say in another way than JSON Schema. */
export function modern(schema: Json): Json {
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
