import { GatewayError } from "../framework/gateway-error.ts";

/** Values by name: parameters of the call, and what of the configuration is no secret. */
export type TemplateValues = Readonly<Record<string, unknown>>;

const places = /\{\{|\}\}|\{([A-Za-z][A-Za-z0-9_]*)\}/g;
const onlyPlace = /^\{([A-Za-z][A-Za-z0-9_]*)\}$/;

/** Names a template asks for. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(places)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Names in every text of a JSON template. */
export function namesInJson(template: unknown): string[] {
  if (typeof template === "string") return namesIn(template);
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap(namesInJson);
}

/** The text with its values; `null` when it is nothing but a place whose value is not given. */
export function fillText(
  template: string,
  values: TemplateValues,
  encode: (text: string, name: string) => string = (text) => text,
): string | null {
  const only = onlyPlace.exec(template)?.[1];
  if (only !== undefined && isMissing(valueOf(values, only))) return null;
  return template.replace(places, (found, name?: string) => {
    if (name === undefined) return found.charAt(0);
    const value = valueOf(values, name);
    return isMissing(value) ? encode("", name) : encode(textOf(value), name);
  });
}

/**
 * A path whose values are single segments: they cannot lead out of their place. Throws `invalid_params` for a value that is
 * missing or would be read as "here" or "one up".
 */
export function fillPath(template: string, values: TemplateValues): string {
  const filled = fillText(template, values, (text, name) => {
    if (text === "" || text === "." || text === "..")
      throw new GatewayError(
        "invalid_params",
        `${name} cannot be ${JSON.stringify(text)}: it is a part of the address`,
        {
          hint: "Give another value and call again.",
          issues: [{ path: `params.${name}`, message: "cannot be a part of an address" }],
          isFinal: true,
        },
      );
    return encodeURIComponent(text);
  });
  if (filled !== null) return filled;
  throw new GatewayError("invalid_params", "A part of the address is missing", {
    hint: "Give every value the path names.",
    isFinal: true,
  });
}

/** A JSON template with its values; fields and entries whose only value is not given are left out. */
export function fillJson(template: unknown, values: TemplateValues): unknown {
  if (typeof template === "string") {
    const only = onlyPlace.exec(template)?.[1];
    return only === undefined ? fillText(template, values) : valueOf(values, only);
  }
  if (Array.isArray(template))
    return template.map((entry) => fillJson(entry, values)).filter((entry) => entry !== undefined);
  if (typeof template !== "object" || template === null) return template;
  const filled = Object.entries(template).map(([name, entry]) => [name, fillJson(entry, values)] as const);
  return Object.fromEntries(filled.filter(([, entry]) => entry !== undefined));
}

function valueOf(values: TemplateValues, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
