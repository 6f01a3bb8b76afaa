import { z } from "zod";

import type { CustomAuth, CustomField } from "../../../contract/features/custom-parts.ts";
import { digestOf } from "../framework/digest-of.ts";

/** Values of a configuration by field. */
export type Config = Record<string, unknown>;

/** The configuration of a connector as its fields declare it. */
export function configOf(fields: readonly CustomField[]): { config: z.ZodObject; secrets: string[] } {
  const shape = Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)]));
  return {
    config: z.strictObject(shape),
    secrets: fields.filter(({ isSecret }) => isSecret).map(({ name }) => name),
  };
}

function schemaOf({ type, title, description, isRequired, isSecret }: CustomField): z.ZodType {
  const longest = isSecret ? 10_000 : 2_000;
  const plain =
    type === "number"
      ? z.number()
      : type === "switch"
        ? z.boolean()
        : z.string().min(1, "must not be empty").max(longest, `must have at most ${longest} characters`);
  const named = plain.meta({ title, ...(description === "" ? {} : { description }) });
  return isRequired ? named : named.optional();
}

/** What secrets of these fields are entered for: where they go and how. Other words, and fields that are no secret, are not of it. */
export function bindingOf(
  kind: "http" | "mcp" | "module",
  place: object,
  fields: Pick<CustomField, "name" | "isSecret">[],
): string {
  const secrets = fields.filter(({ isSecret }) => isSecret).map(({ name }) => name);
  return digestOf({ kind, place, secrets: secrets.toSorted() });
}

/** Notes fields that cannot be as they are declared. */
export function checkFields(fields: readonly CustomField[], add: Add): void {
  fields.forEach(({ name, isSecret, type }, at) => {
    if (fields.findIndex((one) => one.name === name) !== at) add(`config.${at}.name`, "is there twice");
    if (isSecret && type !== "text") add(`config.${at}.type`, "must be text for a secret");
  });
}

/** Fields of the configuration that signing in names, each with where it is named. */
export function authNames(auth: CustomAuth): [string, string][] {
  if (auth.kind === "none") return [];
  if (auth.kind === "basic")
    return [
      ["auth.user", auth.user],
      ["auth.password", auth.password],
    ];
  return [["auth.secret", auth.secret]];
}

/** Notes what is wrong with a field. */
export type Add = (path: string, message: string) => void;

/** Notes names in templates that stand for nothing. */
export function checkNames(path: string, names: readonly string[], known: ReadonlySet<string>, add: Add): void {
  for (const name of new Set(names))
    if (!known.has(name)) add(path, `names {${name}}, which is neither a parameter nor a field that is no secret`);
}
