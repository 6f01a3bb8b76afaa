/** A JSON Schema as the API gives it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One thing that can be chosen. */
export interface Choice {
  readonly value: unknown;
  readonly label: string;
}

/** Which control a value needs. What no control fits is written as JSON. */
export type Shape =
  | { readonly kind: "text"; readonly isLong: boolean; readonly isAddress: boolean }
  | { readonly kind: "file" }
  | { readonly kind: "number"; readonly isInteger: boolean; readonly min: number | null; readonly max: number | null }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly choices: readonly Choice[] }
  | { readonly kind: "choices"; readonly choices: readonly Choice[] }
  | { readonly kind: "lines" }
  | { readonly kind: "numbers" }
  | { readonly kind: "pairs" }
  | { readonly kind: "group"; readonly fields: readonly Field[] }
  | { readonly kind: "rows"; readonly fields: readonly Field[] }
  | { readonly kind: "json" };

/** One field of a form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** What holds when it is left out; `undefined` when nothing does. */
  readonly fallback: unknown;
  readonly shape: Shape;
  /** What a list says in which nothing is chosen. */
  readonly emptyText?: string;
}

const longFrom = 10_000;
const deepest = 4;
const longNames = new Set(["text", "html", "body", "content", "markdown", "message"]);

/** Fields of an object's schema, in its order; `null` when it is the schema of something else. */
export function fieldsOf(schema: JsonSchema): Field[] | null {
  return fieldsIn(schema, { root: schema, depth: 0 });
}

interface Place {
  root: JsonSchema;
  depth: number;
}

function fieldsIn(schema: JsonSchema, place: Place): Field[] | null {
  const { properties } = schema;
  if (schema["type"] !== "object" || !isSchema(properties)) return null;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).flatMap(([name, property]) =>
    isSchema(property) ? [fieldOf(name, property, required.includes(name), place)] : [],
  );
}

function fieldOf(name: string, property: JsonSchema, isRequired: boolean, place: Place): Field {
  const schema = withoutNull(resolve(property, place.root));
  const { title, description, default: fallback } = { ...schema, ...property };
  return {
    name,
    label: typeof title === "string" && title !== "" ? title : labelOf(name),
    description: typeof description === "string" ? description : "",
    isRequired: isRequired && fallback === undefined,
    fallback,
    shape: shapeOf(name, schema, { ...place, depth: place.depth + 1 }),
  };
}

function shapeOf(name: string, schema: JsonSchema, place: Place): Shape {
  const choices = choicesOf(schema);
  if (choices !== null) return { kind: "choice", choices };
  switch (schema["type"]) {
    case "string":
      return textShape(name, schema);
    case "integer":
    case "number":
      return {
        kind: "number",
        isInteger: schema["type"] === "integer",
        min: limit(schema["minimum"]),
        max: limit(schema["maximum"]),
      };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return listShape(schema, place);
    case "object":
      return objectShape(schema, place);
    default:
      return { kind: "json" };
  }
}

function textShape(name: string, schema: JsonSchema): Shape {
  if (schema["contentEncoding"] === "base64") return { kind: "file" };
  const longest = schema["maxLength"];
  const isOpen = typeof longest !== "number" && schema["pattern"] === undefined && schema["format"] === undefined;
  const isLong = (typeof longest === "number" && longest >= longFrom) || (isOpen && longNames.has(name));
  return { kind: "text", isLong, isAddress: schema["format"] === "uri" };
}

function listShape(schema: JsonSchema, place: Place): Shape {
  if (!isSchema(schema["items"])) return { kind: "json" };
  const item = withoutNull(resolve(schema["items"], place.root));
  const choices = choicesOf(item);
  if (choices !== null) return { kind: "choices", choices };
  if (item["type"] === "string" && item["contentEncoding"] === undefined) return { kind: "lines" };
  if (item["type"] === "integer" || item["type"] === "number") return { kind: "numbers" };
  // What may hold more than it names is written whole.
  const fields = place.depth < deepest && isClosed(item) ? fieldsIn(item, place) : null;
  return fields === null || fields.length === 0 ? { kind: "json" } : { kind: "rows", fields };
}

function objectShape(schema: JsonSchema, place: Place): Shape {
  const fields = place.depth < deepest && isClosed(schema) ? fieldsIn(schema, place) : null;
  if (fields !== null && fields.length > 0) return { kind: "group", fields };
  const others = schema["additionalProperties"];
  const isOfText = isSchema(others) && resolve(others, place.root)["type"] === "string";
  return isOfText && schema["properties"] === undefined ? { kind: "pairs" } : { kind: "json" };
}

function isClosed(schema: JsonSchema): boolean {
  return schema["additionalProperties"] === false || schema["additionalProperties"] === undefined;
}

/** What `enum`, or a list of constants, allows. */
function choicesOf(schema: JsonSchema): Choice[] | null {
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value: unknown) => ({ value, label: nameOf(value) }));
  if (schema["const"] !== undefined) return [{ value: schema["const"], label: nameOf(schema["const"]) }];
  const options = optionsOf(schema);
  if (options.length === 0 || options.some((option) => option["const"] === undefined)) return null;
  return options.map(({ const: value, title }) => ({
    value,
    label: typeof title === "string" ? title : nameOf(value),
  }));
}

function optionsOf(schema: JsonSchema): JsonSchema[] {
  const options = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(options) ? options.filter((option): option is JsonSchema => isSchema(option)) : [];
}

/** "X or nothing" is X that may be left out. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  if (Array.isArray(type)) {
    const types = type.filter((one) => one !== "null");
    return types.length === 1 ? { ...schema, type: types[0] as unknown } : schema;
  }
  const options = optionsOf(schema);
  const others = options.filter((option) => option["type"] !== "null");
  const [only] = others;
  return only !== undefined && others.length === 1 && options.length === 2 ? { ...schema, ...only } : schema;
}

/** Follows one reference; one that leads round in a circle ends as "anything". */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema;
  for (let step = 0; step < 10; step += 1) {
    const { $ref: reference } = found;
    if (typeof reference !== "string") return found;
    const target = reference
      .replace(/^#\/?/, "")
      .split("/")
      .filter((part) => part !== "")
      .reduce<unknown>((at, part) => (isSchema(at) ? at[part] : undefined), root);
    if (!isSchema(target)) return {};
    found = target;
  }
  return {};
}

function limit(value: unknown): number | null {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : null;
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** "maxChars" → "Max chars". */
export function labelOf(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").replaceAll(/[-_]+/g, " ");
  const text = words.split(" ").map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()));
  return text.join(" ").replace(/^./, (letter) => letter.toUpperCase());
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
