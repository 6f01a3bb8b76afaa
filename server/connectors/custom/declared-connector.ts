import { compile } from "@jmespath-community/jmespath";
import { z } from "zod";

import type { CustomConnector, CustomOperation } from "../../../contract/features/custom-connectors.ts";
import {
  defineConnector,
  defineOperation,
  type AnyConnector,
  type AnyOperation,
} from "../framework/define-connector.ts";
import { digestOf } from "../framework/digest-of.ts";
import { authNames, bindingOf, checkFields, checkNames, configOf, type Add, type Config } from "./declared-config.ts";
import { addressOf, baseOf, placesIn, publicValues, requestOf } from "./declared-request.ts";
import { namesIn, namesInJson } from "./fill-template.ts";
import { inputFromJson } from "./json-input.ts";
import { readReply } from "./read-reply.ts";

/** What is wrong with a definition, each with its field; empty when a connector can be made of it. */
export function problemsOf(definition: CustomConnector): { path: string; message: string }[] {
  const problems: { path: string; message: string }[] = [];
  const fields = new Map(definition.config.map((field) => [field.name, field]));
  const add: Add = (path, message) => void problems.push({ path, message });
  checkFields(definition.config, add);
  const publicNames = new Set(definition.config.filter(({ isSecret }) => !isSecret).map(({ name }) => name));
  for (const [path, name] of authNames(definition.auth))
    if (!fields.has(name)) add(path, `names ${name}, which is no field of the configuration`);
  checkNames("baseUrl", namesIn(definition.baseUrl), publicNames, add);
  for (const [name, text] of Object.entries(definition.headers))
    checkNames(`headers.${name}`, namesIn(text), publicNames, add);
  definition.operations.forEach((operation, at) => {
    if (definition.operations.findIndex(({ name }) => name === operation.name) !== at)
      add(`operations.${at}.name`, "is there twice");
    checkOperation(`operations.${at}`, operation, publicNames, add);
  });
  return problems;
}

function checkOperation(path: string, operation: CustomOperation, publicNames: ReadonlySet<string>, add: Add): void {
  const { body, input, output, examples } = operation;
  let schema: z.ZodObject | null = null;
  try {
    schema = inputFromJson(input);
  } catch (error) {
    add(`${path}.input`, error instanceof Error ? error.message : "cannot be read");
  }
  const known = new Set([...publicNames, ...Object.keys(schema?.shape ?? {})]);
  if (schema !== null) {
    checkNames(`${path}.path`, namesIn(operation.path), known, add);
    for (const part of ["query", "headers"] as const)
      for (const [name, text] of Object.entries(operation[part]))
        checkNames(`${path}.${part}.${name}`, namesIn(text), known, add);
    if (body.kind === "json" || body.kind === "text")
      checkNames(`${path}.body.template`, namesInJson(body.template), known, add);
    else if (body.kind === "form") checkNames(`${path}.body.fields`, namesInJson(body.fields), known, add);
    else if (body.kind === "graphql") checkNames(`${path}.body.variables`, body.variables, known, add);
    examples.forEach((example, at) => {
      const parsed = schema.safeParse(example.input);
      if (!parsed.success)
        add(`${path}.examples.${at}`, parsed.error.issues[0]?.message ?? "does not fit the parameters");
    });
  }
  if ((operation.method === "GET" || operation.method === "HEAD") && body.kind !== "none")
    add(`${path}.body`, `is not sent with ${operation.method}`);
  if (output.pick !== null)
    try {
      compile(output.pick);
    } catch (error) {
      add(`${path}.output.pick`, `is no JMESPath expression: ${error instanceof Error ? error.message : "unreadable"}`);
    }
}

/** A connector of a definition without problems. */
export function declaredConnector(definition: CustomConnector): AnyConnector {
  const { id, title, description, config: fields, baseUrl, isInside, auth } = definition;
  const operations = definition.operations.map((one): [string, AnyOperation] => [
    one.name,
    operationOf(definition, one),
  ]);
  const connector = defineConnector({
    id,
    title,
    description,
    ...configOf(fields),
    binding: bindingOf("http", { baseUrl, isInside, auth }, fields),
    secretPlaces: (config: Config) => placesIn(definition, config),
    operations: Object.fromEntries(operations),
    insideField: "The address lies on this machine or in this network",
    insides: (config: Config) => (isInside ? [{ address: baseOf(definition, config).origin, isInside }] : []),
  });
  return connector;
}

function operationOf(definition: CustomConnector, operation: CustomOperation): AnyOperation {
  const { title, description, effect, isToPeople, isIdempotent, trust, examples } = operation;
  const made = defineOperation<Config, z.ZodObject, z.ZodType>({
    title,
    description: description === "" ? title : description,
    effect,
    isToPeople,
    isIdempotent: isIdempotent || effect === "read",
    version: digestOf([definition.headers, { ...operation, title: "", description: "", examples: [] }]),
    trust,
    input: inputFromJson(operation.input),
    output: z.unknown(),
    targets: (input, config) => {
      const values = { ...publicValues(definition.config, config), ...input };
      return [addressOf(definition, operation, values, config).href];
    },
    examples,
    run(input, context) {
      const ask = () => context.http.expectOk(requestOf(definition, operation, input, context.config));
      return readReply(ask, operation, context);
    },
  });
  return made;
}
