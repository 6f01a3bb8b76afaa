import { customOperationSchema, type CustomOperation } from "../../../../contract/features/custom-connectors.ts";
import type { Effect } from "../../../../contract/features/connectors.ts";
import { inputFromJson } from "../json-input.ts";
import { freeName, operationNameOf } from "../operation-name.ts";
import type { Json } from "../openapi/local-refs.ts";
import {
  typeText,
  type GraphqlArgument,
  type GraphqlField,
  type GraphqlType,
  type Introspection,
  type TypeRef,
} from "./introspection.ts";
import { isNeeded, selectionOf } from "./selection.ts";

const mostOperations = 2_000;
const mostWarnings = 200;
/** Fields of input types that are written out for one operation, and for all of them: some services let every type lead to every other one. */
const mostFieldsOfOne = 300;
const mostFields = 8_000;
const takesAway = /^(?:bulk)?(?:delete|remove|destroy|purge|erase|drop|wipe)/i;

/** Queries and mutations of a service as operations, and what could not be taken over. */
export interface GraphqlOperations {
  operations: CustomOperation[];
  warnings: string[];
}

/** Makes an operation of each query and each mutation; `depth` levels of what they give back are asked for. */
export function importGraphql({ __schema: schema }: Introspection, depth: number): GraphqlOperations {
  const types = new Map(schema.types.map((type) => [type.name, type]));
  const operations: CustomOperation[] = [];
  const warnings: string[] = [];
  const taken = new Set<string>();
  const room = { left: mostFields };
  for (const [kind, root] of [
    ["query", schema.queryType],
    ["mutation", schema.mutationType],
  ] as const)
    for (const field of types.get(root?.name ?? "")?.fields ?? []) {
      if (operations.length >= mostOperations) {
        warnings.push(`There are more than ${String(mostOperations)} operations; the others are left out.`);
        return { operations, warnings };
      }
      const read = readField(kind, field, { types, depth, taken, room });
      if (typeof read !== "string") operations.push(read);
      else if (warnings.length < mostWarnings) warnings.push(`${field.name}: left out, ${read}.`);
    }
  if (operations.length === 0) warnings.push("It offers no query that can be called.");
  return { operations, warnings };
}

interface Parts {
  types: ReadonlyMap<string, GraphqlType>;
  depth: number;
  taken: Set<string>;
  /** Fields of input types that may still be written out. */
  room: { left: number };
}

/** An operation, or why there is none. */
function readField(kind: "query" | "mutation", field: GraphqlField, parts: Parts): CustomOperation | string {
  const { types, depth, room } = parts;
  const inputs = createInputs(types, room);
  const variables = field.args.map((argument) => ({ argument, variable: inputs.add(argument) }));
  const declared = variables.map(({ argument, variable }) => `$${variable}: ${typeText(argument.type)}`).join(", ");
  const passed = variables.map(({ argument, variable }) => `${argument.name}: $${variable}`).join(", ");
  const body = `${field.name}${inParentheses(passed)}${selectionOf(field, types, depth)}`;
  const query = `${kind}${declared === "" ? "" : " "}${inParentheses(declared)} {\n  ${body}\n}`;
  const wanted = operationNameOf(field.name, kind);
  const name = freeName(wanted, parts.taken);
  const made = customOperationSchema.safeParse({
    name,
    title: titleOf(field.name),
    description: cut(field.description, 1_000),
    effect: effectOf(kind, field.name),
    isIdempotent: kind === "query",
    method: "POST",
    body: { kind: "graphql", query, variables: variables.map(({ variable }) => variable) },
    input: inputs.schema(),
    output: { as: "json", pick: field.name },
  });
  const problem = made.success ? unreadable(made.data.input) : (made.error.issues[0]?.message ?? "it cannot be read");
  if (made.success && problem === null) return made.data;
  parts.taken.delete(name);
  return problem ?? "it cannot be read";
}

function inParentheses(text: string): string {
  return text === "" ? "" : `(${text})`;
}

function effectOf(kind: "query" | "mutation", name: string): Effect {
  if (kind === "query") return "read";
  return takesAway.test(name) ? "destructive" : "write";
}

/** The parameters of one operation as JSON Schema; what they are made of is in its `$defs`. */
function createInputs(types: ReadonlyMap<string, GraphqlType>, room: Parts["room"]) {
  const properties: Json = {};
  const required: string[] = [];
  const defs: Json = {};
  let ofThisOne = mostFieldsOfOne;

  function schemaOf(ref: TypeRef): Json {
    if (ref.kind === "NON_NULL" && ref.ofType) return schemaOf(ref.ofType);
    if (ref.kind === "LIST" && ref.ofType) return { type: "array", items: schemaOf(ref.ofType) };
    const name = ref.name ?? "";
    const type = types.get(name);
    if (type?.kind === "ENUM") return { type: "string", enum: (type.enumValues ?? []).map((value) => value.name) };
    if (type?.kind === "INPUT_OBJECT") {
      if (!Object.hasOwn(defs, name) && !take(type)) return {}; // the service checks it
      define(name, type);
      return { $ref: `#/$defs/${name}` };
    }
    return scalarOf(name, type);
  }

  function take({ inputFields }: GraphqlType): boolean {
    const count = 1 + (inputFields?.length ?? 0);
    if (count > ofThisOne || count > room.left) return false;
    ofThisOne -= count;
    room.left -= count;
    return true;
  }

  function define(name: string, type: GraphqlType): void {
    if (Object.hasOwn(defs, name)) return;
    defs[name] = {}; // it may hold itself
    const fields = type.inputFields ?? [];
    const entries = fields.map((field) => [field.name, described(schemaOf(field.type), field)] as const);
    const needed = fields.filter(isNeeded).map((field) => field.name);
    defs[name] = {
      type: "object",
      properties: Object.fromEntries(entries),
      additionalProperties: false,
      ...(needed.length === 0 ? {} : { required: needed }),
    };
  }

  return {
    /** Answers the name of its variable. */
    add(argument: GraphqlArgument): string {
      const variable = variableOf(argument.name, new Set(Object.keys(properties)));
      properties[variable] = described(schemaOf(argument.type), argument);
      if (isNeeded(argument)) required.push(variable);
      return variable;
    },
    schema: (): Json => ({
      type: "object",
      properties,
      ...(required.length === 0 ? {} : { required }),
      ...(Object.keys(defs).length === 0 ? {} : { $defs: defs }),
    }),
  };
}

function scalarOf(name: string, type: GraphqlType | undefined): Json {
  if (name === "Int") return { type: "integer" };
  if (name === "Float") return { type: "number" };
  if (name === "Boolean") return { type: "boolean" };
  if (name === "String" || name === "ID") return { type: "string" };
  // What a service has made up itself may be anything.
  const words = [name, type?.description ?? ""].filter((text) => text !== "").join(": ");
  return { description: cut(words, 300) };
}

function described(schema: Json, { description }: Pick<GraphqlArgument, "description">): Json {
  if (description === "" || schema["$ref"] !== undefined) return schema;
  return { ...schema, description: cut(description, 500) };
}

/** Parameters begin with a letter. */
function variableOf(name: string, taken: ReadonlySet<string>): string {
  const wanted = name.replace(/^_+/, "").slice(0, 50);
  let free = /^[A-Za-z]/.test(wanted) ? wanted : `arg${wanted}`;
  for (let number = 2; taken.has(free); number += 1) free = `${wanted}${String(number)}`;
  return free;
}

/** "pullRequests" → "Pull requests" */
function titleOf(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .trim()
    .toLowerCase();
  return cut(`${words.charAt(0).toUpperCase()}${words.slice(1)}`, 80) || name;
}

function unreadable(input: Json): string | null {
  try {
    inputFromJson(input);
    return null;
  } catch (error) {
    return `its parameters cannot be read: ${error instanceof Error ? error.message : "unknown"}`;
  }
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
