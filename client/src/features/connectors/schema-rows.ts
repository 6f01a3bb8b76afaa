import { isSchema, type JsonSchema } from "../../ui/schema-form/schema-fields.ts";

/** One value of a schema, as the documentation lists it. */
export interface SchemaRow {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** Default and limits. */
  readonly details: string;
  readonly description: string;
}

const deepest = 3;

/** All values of an object's schema, those inside of others after them: "attachments[].name". */
export function schemaRows(schema: JsonSchema, before = "", depth = 0): SchemaRow[] {
  const { properties } = schema;
  if (!isSchema(properties)) return [];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).flatMap(([name, value]) => {
    if (!isSchema(value)) return [];
    const path = `${before}${name}`;
    const { description } = value;
    const row: SchemaRow = {
      path,
      type: typeText(value),
      isRequired: required.includes(name),
      details: detailsOf(value),
      description: typeof description === "string" ? description : "",
    };
    if (depth >= deepest) return [row];
    const items = value["items"];
    const inside = isSchema(items)
      ? schemaRows(items, `${path}[].`, depth + 1)
      : schemaRows(value, `${path}.`, depth + 1);
    return [row, ...inside];
  });
}

/** "text", "list of text", "markdown or text" */
export function typeText(schema: JsonSchema): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].map((one) => JSON.stringify(one)).join(" or ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options))
    return [...new Set(options.map((one) => (isSchema(one) ? typeText(one) : "anything")))].join(" or ");
  const { type } = schema;
  if (Array.isArray(type)) return type.map((one) => nameOfType(String(one))).join(" or ");
  if (type === "array") return `list of ${isSchema(schema["items"]) ? typeText(schema["items"]) : "anything"}`;
  if (type === "string" && schema["format"] === "uri") return "address";
  return typeof type === "string" ? nameOfType(type) : "anything";
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "yes or no",
  object: "record",
  null: "nothing",
};

function nameOfType(type: string): string {
  return typeNames[type] ?? type;
}

function detailsOf(schema: JsonSchema): string {
  const parts: string[] = [];
  const { default: fallback, minimum, maximum, maxLength, minItems, maxItems } = schema;
  if (fallback !== undefined) parts.push(`default ${JSON.stringify(fallback)}`);
  if (typeof minimum === "number" && Math.abs(minimum) < Number.MAX_SAFE_INTEGER) parts.push(`from ${said(minimum)}`);
  if (typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER) parts.push(`up to ${said(maximum)}`);
  if (typeof maxLength === "number") parts.push(`at most ${said(maxLength)} characters`);
  if (typeof minItems === "number" && minItems > 0) parts.push(`at least ${said(minItems)}`);
  if (typeof maxItems === "number") parts.push(`at most ${said(maxItems)}`);
  return parts.join(", ");
}

function said(value: number): string {
  return value.toLocaleString("en");
}
