import { z } from "zod";

/** How often a type may be wrapped: `[[String!]!]!` is five. */
const deepestWrapping = 9;

const wrapped = (depth: number): string => (depth === 0 ? "" : ` ofType { kind name${wrapped(depth - 1)} }`);

/** Asks a service for its types: what the specification of 2021 knows, and nothing older services do not. */
export const introspectionQuery = `query Introspection {
  __schema {
    queryType { name }
    mutationType { name }
    types {
      kind name description
      fields(includeDeprecated: false) {
        name description
        args { name description defaultValue type { ...TypeRef } }
        type { ...TypeRef }
      }
      inputFields { name description defaultValue type { ...TypeRef } }
      enumValues(includeDeprecated: false) { name }
      possibleTypes { name }
    }
  }
}
fragment TypeRef on __Type { kind name${wrapped(deepestWrapping)} }`;

/** A type as it is referred to. */
export interface TypeRef {
  kind: string;
  name?: string | null | undefined;
  ofType?: TypeRef | null | undefined;
}

const graphqlName = z.string().regex(/^[_A-Za-z][_0-9A-Za-z]*$/);
const typeRef = typeRefOf(deepestWrapping);

/** As deep as it is asked for, and no deeper. */
function typeRefOf(levels: number): z.ZodType<TypeRef> {
  const plain = { kind: z.string(), name: graphqlName.nullish() };
  return levels === 0 ? z.object(plain) : z.object({ ...plain, ofType: typeRefOf(levels - 1).nullish() });
}

const words = z
  .string()
  .nullish()
  .transform((text) => (text ?? "").replaceAll(/\s+/g, " ").trim());

const argument = z.object({
  name: graphqlName,
  description: words,
  defaultValue: z.string().nullish(),
  type: typeRef,
});
export type GraphqlArgument = z.output<typeof argument>;

const field = z.object({ name: graphqlName, description: words, args: z.array(argument), type: typeRef });
export type GraphqlField = z.output<typeof field>;

const type = z.object({
  kind: z.string(),
  name: graphqlName,
  description: words,
  fields: z.array(field).nullish(),
  inputFields: z.array(argument).nullish(),
  enumValues: z.array(z.object({ name: graphqlName })).nullish(),
  possibleTypes: z.array(z.object({ name: graphqlName })).nullish(),
});
export type GraphqlType = z.output<typeof type>;

/** What a service answers to the query above. */
export const introspectionSchema = z.object({
  __schema: z.object({
    queryType: z.object({ name: graphqlName }).nullish(),
    mutationType: z.object({ name: graphqlName }).nullish(),
    types: z.array(type).max(20_000, "has more than 20000 types"),
  }),
});
export type Introspection = z.output<typeof introspectionSchema>;

/** The type without what it is wrapped in. */
export function namedType(ref: TypeRef): { name: string; kind: string } {
  let at = ref;
  while (at.ofType) at = at.ofType;
  return { name: at.name ?? "", kind: at.kind };
}

/** As it stands in a document: `[ID!]!`. */
export function typeText(ref: TypeRef): string {
  if (ref.kind === "NON_NULL" && ref.ofType) return `${typeText(ref.ofType)}!`;
  if (ref.kind === "LIST" && ref.ofType) return `[${typeText(ref.ofType)}]`;
  return ref.name ?? "String";
}
