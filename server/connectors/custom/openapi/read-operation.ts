import {
  customOperationSchema,
  type CustomBody,
  type CustomOperation,
} from "../../../../contract/features/custom-connectors.ts";
import { freeName, operationNameOf } from "../operation-name.ts";
import { isObject, resolveLocal, type Json } from "./local-refs.ts";
import type { Schemas } from "./schemas.ts";

export interface ReadOptions {
  document: Json;
  schemas: Schemas;
  method: string;
  path: string;
  /** What the whole path declares. */
  shared: readonly unknown[];
  operation: Json;
  takenNames: Set<string>;
}

/** An operation as it can be called, and what of it could not be taken over, one sentence each; `null` when it cannot be called. */
export interface ReadOperation {
  operation: CustomOperation | null;
  warnings: string[];
}

/** Headers that are said by who signs in, and by the body. */
const setElsewhere = new Set(["authorization", "accept", "content-type", "user-agent", "host", "content-length"]);

/** Makes one operation of the document callable. */
export function readOperation(options: ReadOptions): ReadOperation {
  const { document, method, path, operation, takenNames } = options;
  const warnings: string[] = [];
  const inputs = new Inputs(document);
  const query: Record<string, string> = {};
  const headers: Record<string, string> = {};
  let filled = escaped(path);
  let body: CustomBody = { kind: "none" };
  for (const parameter of parametersOf(options)) {
    const { name, in: place } = parameter;
    if (typeof name !== "string" || name === "") continue;
    if (place === "path") filled = filled.replaceAll(`{{${name}}}`, `{${inputs.add(name, parameter, true)}}`);
    else if (place === "query") query[name] = `{${inputs.add(name, parameter)}}`;
    else if (place === "header" && !setElsewhere.has(name.toLowerCase()))
      headers[name] = `{${inputs.add(name, parameter)}}`;
    else if (place === "cookie") warnings.push(`the cookie ${name} is not sent`);
    else if (place === "body") body = jsonBody(parameter["schema"], parameter["required"] === true, inputs);
    else if (place === "formData") body = formField(body, name, parameter, inputs);
  }
  const missing = /\{\{([^{}]*)\}\}/.exec(filled)?.[1];
  if (missing !== undefined) return { operation: null, warnings: [`{${missing}} of its address is declared nowhere`] };
  if (operation["requestBody"] !== undefined) {
    const read = requestBody(document, operation["requestBody"], inputs);
    if (typeof read === "string") return { operation: null, warnings: [read] };
    body = read;
  }
  if (method === "GET" || method === "HEAD") body = { kind: "none" };
  let input: Json;
  try {
    input = options.schemas.selfContained(inputs.schema(), (problem) => warnings.push(problem));
  } catch (error) {
    const problem = error instanceof Error ? error.message : "cannot be read";
    return { operation: null, warnings: [`what it takes ${problem}`] };
  }
  const name = freeName(nameOf(operation, method, path), takenNames);
  const made = customOperationSchema.safeParse({
    name,
    title: cut(textOf(operation["summary"]) || name.replaceAll("-", " "), 80),
    description: cut(textOf(operation["description"]) || textOf(operation["summary"]), 1_000),
    effect: method === "GET" || method === "HEAD" ? "read" : method === "DELETE" ? "destructive" : "write",
    isIdempotent: method === "PUT" || method === "DELETE",
    method,
    path: filled,
    query,
    headers,
    body,
    input,
  });
  if (made.success) return { operation: made.data, warnings };
  takenNames.delete(name);
  const [issue] = made.error.issues;
  return { operation: null, warnings: [`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "cannot be read"}`] };
}

/** Braces are kept apart from those of our templates until each is known to be a parameter. */
function escaped(path: string): string {
  return path.replaceAll(/\{([^{}]*)\}/g, "{{$1}}");
}

/** Those of the operation go before those of the path. */
function parametersOf({ document, shared, operation }: ReadOptions): Json[] {
  const own = Array.isArray(operation["parameters"]) ? (operation["parameters"] as unknown[]) : [];
  const found = new Map<string, Json>();
  for (const part of [...shared, ...own]) {
    const parameter = resolveLocal(document, part);
    if (parameter !== null) found.set(`${String(parameter["in"])} ${String(parameter["name"])}`, parameter);
  }
  return [...found.values()];
}

/** The parameters of a call, each with a name that can stand in a template. */
class Inputs {
  readonly #document: Json;
  readonly #properties: Json = {};
  readonly #required: string[] = [];

  constructor(document: Json) {
    this.#document = document;
  }

  get document(): Json {
    return this.#document;
  }

  /** Answers the name it got. */
  add(wanted: string, parameter: Json, isRequired = parameter["required"] === true): string {
    const { description } = parameter;
    const { schema = withoutPlace(parameter) } = parameter;
    return this.addSchema(wanted, schema, { isRequired, description: textOf(description) });
  }

  addSchema(wanted: string, schema: unknown, about: { isRequired: boolean; description?: string }): string {
    const name = this.#freeName(wanted);
    const described =
      about.description === undefined || about.description === "" ? {} : { description: cut(about.description, 500) };
    const resolved = isObject(schema) ? schema : {};
    this.#properties[name] = typeof resolved["$ref"] === "string" ? resolved : { ...resolved, ...described };
    if (about.isRequired) this.#required.push(name);
    return name;
  }

  schema(): Json {
    return { type: "object", properties: this.#properties, required: this.#required, additionalProperties: false };
  }

  #freeName(wanted: string): string {
    const words = wanted.replaceAll(/[^A-Za-z0-9_]+/g, "_").replace(/^[^A-Za-z]+/, "");
    const base = (words === "" ? "value" : words).slice(0, 50);
    let name = base;
    for (let number = 2; Object.hasOwn(this.#properties, name); number += 1) name = `${base}_${String(number)}`;
    return name;
  }
}

/** In OpenAPI 2.0 the schema of a parameter stands in the parameter itself. */
function withoutPlace({ name: _name, in: _in, required: _required, collectionFormat: _format, ...schema }: Json): Json {
  return schema;
}

function requestBody(document: Json, part: unknown, inputs: Inputs): CustomBody | string {
  const body = resolveLocal(document, part);
  const content = isObject(body?.["content"]) ? body["content"] : {};
  const types = Object.keys(content);
  const isRequired = body?.["required"] === true;
  const schemaOf = (type: string): unknown => (isObject(content[type]) ? content[type]["schema"] : undefined);
  const json = types.find((type) => /^application\/(?:[\w.+-]+\+)?json\b/i.test(type));
  if (json !== undefined) return jsonBody(schemaOf(json), isRequired, inputs);
  const form = types.find((type) => type.startsWith("application/x-www-form-urlencoded"));
  if (form !== undefined) return formBody(document, schemaOf(form), inputs);
  const text = types.find((type) => type.startsWith("text/"));
  if (text !== undefined) {
    const name = inputs.addSchema("body", { type: "string" }, { isRequired });
    return { kind: "text", template: `{${name}}`, contentType: text };
  }
  if (types.length === 0) return { kind: "none" };
  return `its body can only be sent as ${types.slice(0, 3).join(", ")}`;
}

/** The fields of an object become parameters of their own; anything else is one. */
function jsonBody(schema: unknown, isRequired: boolean, inputs: Inputs): CustomBody {
  const fields = fieldsOf(inputs.document, schema);
  if (fields === null) return { kind: "json", template: `{${inputs.addSchema("body", schema, { isRequired })}}` };
  const names = fields.map(({ name, schema: one, isRequired: isWanted }) => [
    name,
    `{${inputs.addSchema(name, one, { isRequired: isRequired && isWanted })}}`,
  ]);
  return { kind: "json", template: Object.fromEntries(names) as Record<string, string> };
}

function formBody(document: Json, schema: unknown, inputs: Inputs): CustomBody {
  const names = (fieldsOf(document, schema) ?? []).map(({ name, schema: one, isRequired }) => [
    name,
    `{${inputs.addSchema(name, one, { isRequired })}}`,
  ]);
  return { kind: "form", fields: Object.fromEntries(names) as Record<string, string> };
}

function formField(body: CustomBody, name: string, parameter: Json, inputs: Inputs): CustomBody {
  const fields = body.kind === "form" ? body.fields : {};
  return { kind: "form", fields: { ...fields, [name]: `{${inputs.add(name, parameter)}}` } };
}

const mostFields = 100;

/** `null` for what is no plain object, or one that takes fields nobody names. */
function fieldsOf(document: Json, schema: unknown): { name: string; schema: unknown; isRequired: boolean }[] | null {
  const resolved = resolveLocal(document, schema);
  const properties = resolved?.["properties"];
  if (resolved === null || !isObject(properties)) return null;
  if (["allOf", "anyOf", "oneOf"].some((word) => resolved[word] !== undefined)) return null;
  const entries = Object.entries(properties);
  if (entries.length === 0 || entries.length > mostFields) return null;
  const required = Array.isArray(resolved["required"]) ? (resolved["required"] as unknown[]) : [];
  return entries.map(([name, one]) => ({ name, schema: one, isRequired: required.includes(name) }));
}

function nameOf(operation: Json, method: string, path: string): string {
  const given = textOf(operation["operationId"]);
  return operationNameOf(given === "" ? `${method} ${path}`.toLowerCase() : given, method.toLowerCase());
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim().replaceAll(/\s+/g, " ") : "";
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
