import type { CustomBody, CustomConnector, CustomOperation } from "../../../contract/features/custom-connectors.ts";
import type { CustomAuth } from "../../../contract/features/custom-parts.ts";
import type { ConnectorRequest } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { fillJson, fillPath, fillText, type TemplateValues } from "./fill-template.ts";

type Definition = Pick<CustomConnector, "baseUrl" | "headers" | "auth" | "config" | "isInside">;

/** The address requests begin with. Throws `not_configured` when the configuration makes none of it. */
export function baseOf(
  { baseUrl, config: fields }: Pick<Definition, "baseUrl" | "config">,
  config: TemplateValues,
): URL {
  const isWhole = /^\{[A-Za-z0-9_]+\}$/.test(baseUrl);
  const text = fillText(
    baseUrl,
    publicValues(fields, config),
    isWhole ? undefined : (part) => encodeURIComponent(part),
  );
  const url = text !== null && URL.canParse(text) ? new URL(text) : null;
  if (url && (url.protocol === "https:" || url.protocol === "http:") && url.search === "" && url.hash === "")
    return url;
  throw new GatewayError("not_configured", "The base address is not an address such as https://api.example.com/v1", {
    hint: "Correct the base address, or the fields it is made of.",
    isFinal: true,
  });
}

/** Where the secrets of its configuration go; nowhere while the address cannot be made. */
export function placesIn(
  definition: Pick<Definition, "baseUrl" | "config">,
  config: TemplateValues,
): Record<string, string[]> {
  const secrets = definition.config.filter(({ isSecret }) => isSecret);
  try {
    const { origin } = baseOf(definition, config);
    return Object.fromEntries(secrets.map(({ name }) => [name, [origin]]));
  } catch {
    return {};
  }
}

/** What of the configuration may stand anywhere in a request. */
export function publicValues(fields: CustomConnector["config"], config: TemplateValues): TemplateValues {
  const known = fields.filter(({ isSecret }) => !isSecret).map(({ name }) => [name, config[name]] as const);
  return Object.fromEntries(known);
}

/** The address of a call without what its query signs in with. */
export function addressOf(
  definition: Definition,
  operation: CustomOperation,
  values: TemplateValues,
  config: TemplateValues,
): URL {
  const base = baseOf(definition, config);
  const path = fillPath(operation.path, values);
  const url = new URL(base.href.replace(/\/$/, "") + path);
  for (const [name, template] of Object.entries(operation.query)) {
    const value = fillJson(template, values);
    const entries = Array.isArray(value) ? value : [value];
    for (const entry of entries)
      if (entry !== undefined && entry !== null)
        url.searchParams.append(name, typeof entry === "string" ? entry : JSON.stringify(entry));
  }
  return url;
}

/** The request of a call. */
export function requestOf(
  definition: Definition,
  operation: CustomOperation,
  input: TemplateValues,
  config: TemplateValues,
): ConnectorRequest {
  const values = { ...publicValues(definition.config, config), ...input };
  const url = addressOf(definition, operation, values, config);
  const { body, type } = bodyOf(operation.body, values, input);
  const headers: Record<string, string> = type === null ? {} : { "content-type": type };
  for (const [name, template] of Object.entries({ ...definition.headers, ...operation.headers })) {
    const value = fillText(template, values);
    if (value !== null) headers[name.toLowerCase()] = value;
  }
  signIn(definition.auth, { url, headers, config, isInside: definition.isInside });
  return { url, method: operation.method, headers, ...(body === undefined ? {} : { body }) };
}

function bodyOf(
  body: CustomBody,
  values: TemplateValues,
  input: TemplateValues,
): { body: ConnectorRequest["body"]; type: string | null } {
  switch (body.kind) {
    case "none":
      return { body: undefined, type: null };
    case "json":
      return { body: JSON.stringify(fillJson(body.template, values) ?? null), type: "application/json" };
    case "text":
      return { body: fillText(body.template, values) ?? "", type: body.contentType };
    case "form": {
      const form = new URLSearchParams();
      for (const [name, template] of Object.entries(body.fields)) {
        const value = fillText(template, values);
        if (value !== null) form.append(name, value);
      }
      return { body: form.toString(), type: "application/x-www-form-urlencoded" };
    }
    case "graphql":
    default: {
      const known = body.variables.filter((name) => input[name] !== undefined);
      const variables = Object.fromEntries(known.map((name) => [name, input[name]]));
      return { body: JSON.stringify({ query: body.query, variables }), type: "application/json" };
    }
  }
}

/** Adds to a request what it signs in with. Throws `not_configured` where everybody on the way could read it. */
export function signIn(
  auth: CustomAuth,
  {
    url,
    headers,
    config,
    isInside,
  }: { url: URL; headers: Record<string, string>; config: TemplateValues; isInside: boolean },
): void {
  if (auth.kind !== "none" && url.protocol === "http:" && !isInside)
    throw new GatewayError("not_configured", "It would sign in over http, where everybody on the way can read it", {
      hint: "Give a base address with https, or say that it lies inside.",
      isFinal: true,
    });
  const secretOf = (name: string): string => {
    const value = config[name];
    return typeof value === "string" ? value : "";
  };
  if (auth.kind === "bearer" && secretOf(auth.secret) !== "")
    headers["authorization"] = `Bearer ${secretOf(auth.secret)}`;
  else if (auth.kind === "header" && secretOf(auth.secret) !== "")
    headers[auth.header.toLowerCase()] = `${auth.prefix}${secretOf(auth.secret)}`;
  else if (auth.kind === "query" && secretOf(auth.secret) !== "")
    url.searchParams.set(auth.parameter, secretOf(auth.secret));
  else if (auth.kind === "basic") {
    const text = `${secretOf(auth.user)}:${secretOf(auth.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(text).toString("base64")}`;
  }
}
