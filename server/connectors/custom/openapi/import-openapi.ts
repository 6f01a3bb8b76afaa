import { parse } from "yaml";

import type { ConnectorDraft, CustomConnector } from "../../../../contract/features/custom-connectors.ts";
import type { CustomAuth, CustomField } from "../../../../contract/features/custom-parts.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { inputFromJson } from "../json-input.ts";
import { isObject, resolveLocal, type Json } from "./local-refs.ts";
import { readOperation } from "./read-operation.ts";
import { createSchemas } from "./schemas.ts";

const methods = ["get", "head", "post", "put", "patch", "delete"] as const;
const mostOperations = 2_000;
const mostWarnings = 200;

/**
 * Reads an OpenAPI document (2.0, 3.0, 3.1; JSON or YAML): a draft of a connector with all its operations, of which the user chooses.
 * Nothing is called, and references to other documents are not followed. Throws `invalid_request` for what is no such document.
 */
export function importOpenApi(text: string): ConnectorDraft {
  const document = readDocument(text);
  const warnings: string[] = [];
  const warn = (about: string, problem: string): void => {
    if (warnings.length < mostWarnings) warnings.push(`${about}: ${problem}.`);
  };
  const operations: CustomConnector["operations"] = [];
  const takenNames = new Set<string>();
  const schemas = createSchemas(document, countOperations(document));
  for (const [path, part] of Object.entries(isObject(document["paths"]) ? document["paths"] : {})) {
    const item = resolveLocal(document, part);
    if (item === null) continue;
    const shared = Array.isArray(item["parameters"]) ? (item["parameters"] as unknown[]) : [];
    for (const method of methods) {
      const operation = resolveLocal(document, item[method]);
      if (operation === null) continue;
      if (operations.length >= mostOperations) {
        warn("The document", `has more than ${String(mostOperations)} operations; the others are left out`);
        return draft(document, operations, warnings);
      }
      const about = `${method.toUpperCase()} ${path}`;
      const read = readOperation({
        document,
        schemas,
        method: method.toUpperCase(),
        path,
        shared,
        operation,
        takenNames,
      });
      for (const problem of new Set(read.warnings))
        warn(about, read.operation === null ? `left out, ${problem}` : problem);
      const problem = read.operation === null ? null : unreadable(read.operation.input);
      if (problem !== null) warn(about, `left out, its parameters cannot be read: ${problem}`);
      else if (read.operation !== null) operations.push(read.operation);
    }
  }
  if (operations.length === 0) warn("The document", "has no operation that can be called");
  return draft(document, operations, warnings);
}

/** About as many as there are: paths that stand elsewhere are not looked at. */
function countOperations({ paths }: Json): number {
  const items = Object.values(isObject(paths) ? paths : {});
  const count = items.reduce<number>((sum, item) => {
    const own = isObject(item) ? methods.filter((method) => item[method] !== undefined) : [];
    return sum + own.length;
  }, 0);
  return Math.min(count, mostOperations);
}

function unreadable(input: Json): string | null {
  try {
    inputFromJson(input);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : "unknown";
  }
}

function readDocument(text: string): Json {
  let document: unknown;
  try {
    document = text.trimStart().startsWith("{") ? JSON.parse(text) : parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw refused(`is neither JSON nor YAML: ${error instanceof Error ? error.message.slice(0, 200) : ""}`);
  }
  const version = isObject(document) ? (document["openapi"] ?? document["swagger"]) : undefined;
  if (isObject(document) && /^(?:3\.[01]|2\.0)/.test(String(version))) return document;
  throw refused("must be an OpenAPI document of version 2.0, 3.0 or 3.1");
}

function refused(message: string): AppError {
  return new AppError("invalid_request", `body.document: ${message}`, {
    issues: [{ path: "body.document", message }],
    hint: "Give the document as its vendor publishes it.",
  });
}

function draft(document: Json, operations: CustomConnector["operations"], warnings: string[]): ConnectorDraft {
  const info = isObject(document["info"]) ? document["info"] : {};
  const title = typeof info["title"] === "string" ? info["title"].trim().slice(0, 80) : "";
  const description = typeof info["description"] === "string" ? info["description"].trim().slice(0, 1_000) : "";
  const fields: CustomField[] = [];
  const baseUrl = baseOf(document);
  if (baseUrl === null)
    fields.push(field("address", "Address", "Where the service is, such as https://api.example.com"));
  if (baseUrl !== null && isLocal(new URL(baseUrl).hostname))
    warnings.unshift(`The address ${baseUrl} lies inside: it is called only when the connector says so.`);
  const auth = authOf(document, fields);
  return {
    title: title === "" ? "Imported" : title.replaceAll(/[\r\n]+/g, " "),
    id: idOf(title),
    description,
    baseUrl: baseUrl ?? "{address}",
    isInside: false,
    config: fields,
    auth,
    operations,
    warnings,
  };
}

function isLocal(host: string): boolean {
  return /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[)|\.(?:local|internal|localhost)$/.test(
    host,
  );
}

function idOf(title: string): string {
  const words = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const id = words
    .replaceAll(/^[^a-z]+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return id === "" ? "imported" : id;
}

function field(name: string, title: string, description: string, isSecret = false): CustomField {
  return { name, title, description, type: "text", isSecret, isRequired: !isSecret };
}

/** `null` when the document does not say where the service is. */
function baseOf(document: Json): string | null {
  if (typeof document["host"] === "string") {
    const schemes = Array.isArray(document["schemes"]) ? (document["schemes"] as unknown[]) : ["https"];
    const path = typeof document["basePath"] === "string" ? document["basePath"] : "";
    return address(`${schemes.includes("https") ? "https" : "http"}://${document["host"]}${path}`);
  }
  const servers = Array.isArray(document["servers"]) ? (document["servers"] as unknown[]) : [];
  const server = servers.find(isObject);
  if (typeof server?.["url"] !== "string") return null;
  const variables = isObject(server["variables"]) ? server["variables"] : {};
  const url = server["url"].replaceAll(/\{([^{}]+)\}/g, (found, name: string) => {
    const variable = variables[name];
    return isObject(variable) && typeof variable["default"] === "string" ? variable["default"] : found;
  });
  return address(url);
}

function address(text: string): string | null {
  if (!URL.canParse(text) || text.includes("{")) return null;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href.replace(/\/$/, "") : null;
}

/** The first way to sign in that can be declared. */
function authOf(document: Json, fields: CustomField[]): CustomAuth {
  const components = isObject(document["components"]) ? document["components"] : {};
  const schemes = components["securitySchemes"] ?? document["securityDefinitions"];
  for (const part of Object.values(isObject(schemes) ? schemes : {})) {
    const scheme = resolveLocal(document, part);
    const kind = String(scheme?.["type"]);
    const name = scheme?.["name"];
    const isBasic = kind === "basic" || (kind === "http" && String(scheme?.["scheme"]).toLowerCase() === "basic");
    if (isBasic) {
      fields.push(field("user", "User", ""), field("password", "Password or token", "", true));
      return { kind: "basic", user: "user", password: "password" };
    }
    if (kind === "apiKey" && typeof name === "string" && (scheme?.["in"] === "header" || scheme?.["in"] === "query")) {
      fields.push(field("key", "API key", "", true));
      if (scheme["in"] === "query") return { kind: "query", parameter: name, secret: "key" };
      return { kind: "header", header: name, secret: "key", prefix: "" };
    }
    if (kind === "http" || kind === "oauth2" || kind === "openIdConnect") {
      fields.push(field("token", "Token", "", true));
      return { kind: "bearer", secret: "token" };
    }
  }
  return { kind: "none" };
}
