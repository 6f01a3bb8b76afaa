import { isObject, modern, resolveLocal, type Json } from "./local-refs.ts";

/** Words that mean something to a reader of OpenAPI only; left out, so that forms stay small. */
const ownWords = new Set(["xml", "discriminator", "externalDocs", "example", "examples", "deprecated", "readOnly"]);
const maps = new Set(["properties", "$defs", "definitions", "patternProperties"]);

/** Bytes of what one operation takes, and as many of what that refers to. */
const mostBytesOfOne = 32 * 1024;
/** Of all operations of a document together, what they refer to apart: a connector of all of them is still in force at once. */
const mostBytes = 1024 * 1024;
/** Levels of one schema; what is deeper cannot be read afterwards either. */
const deepest = 36;

/** Schemas of one document as JSON Schemas that stand for themselves. */
export interface Schemas {
  /**
   * What `schema` refers to is in its `$defs`, as far as there is room: beyond that, and where a reference leads nowhere, anything
   * is taken, and `warn` is told. Throws an `Error` that says why when the schema itself is too large or too deep.
   */
  selfContained(schema: unknown, warn: (problem: string) => void): Json;
}

/** A converted schema without what it refers to. */
interface Converted {
  schema: unknown;
  bytes: number;
  references: ReadonlySet<string>;
  /** References that lead nowhere. */
  missing: ReadonlySet<string>;
}

/** What is referred to from many places is converted once; `operations` share what room there is. */
export function createSchemas(document: Json, operations: number): Schemas {
  const names = new Map<string, string | null>();
  const definitions = new Map<string, Converted | null>();
  const left = { own: mostBytes, referred: mostBytes, operations };

  /** `null` for what leads nowhere. */
  function nameOf(reference: string): string | null {
    const known = names.get(reference);
    if (known !== undefined) return known;
    const name = resolveLocal(document, { $ref: reference }) === null ? null : `d${names.size + 1}`;
    names.set(reference, name);
    return name;
  }

  function convertWhole(part: unknown): Converted {
    const references = new Set<string>();
    const missing = new Set<string>();
    const convert = (one: unknown, isMap: boolean, depth: number): unknown => {
      if (depth > deepest) throw new Error(`is nested deeper than ${deepest} levels`);
      if (Array.isArray(one)) return one.map((entry) => convert(entry, false, depth + 1));
      if (!isObject(one)) return one;
      if (!isMap && typeof one["$ref"] === "string") {
        const name = nameOf(one["$ref"]);
        (name === null ? missing : references).add(one["$ref"]);
        return name === null ? {} : { $ref: `#/$defs/${name}` };
      }
      const kept = Object.entries(one).filter(([name]) => isMap || !(ownWords.has(name) || name.startsWith("x-")));
      const made = kept.map(([name, value]) => [name, convert(value, !isMap && maps.has(name), depth + 1)]);
      return isMap ? Object.fromEntries(made) : modern(Object.fromEntries(made) as Json);
    };
    const schema = convert(part, false, 0);
    return { schema, bytes: JSON.stringify(schema).length, references, missing };
  }

  /** `null` for what is too deep. */
  function definitionOf(reference: string): Converted | null {
    const known = definitions.get(reference);
    if (known !== undefined) return known;
    let made: Converted | null = null;
    try {
      made = convertWhole(resolveLocal(document, { $ref: reference }));
    } catch {
      // too deep: anything is taken there
    }
    definitions.set(reference, made);
    return made;
  }

  return {
    selfContained(schema, warn) {
      const whole = convertWhole(schema);
      if (!isObject(whole.schema)) return {};
      if (whole.bytes > Math.min(mostBytesOfOne, left.own)) throw new Error("is too large");
      left.own -= whole.bytes;
      let room = Math.min(mostBytesOfOne, Math.floor(left.referred / Math.max(1, left.operations)));
      left.operations -= 1;
      const missing = new Set(whole.missing);
      const wanted = new Set(whole.references);
      const defs: Json = {};
      let isCut = false;
      for (const reference of wanted) {
        const definition = definitionOf(reference);
        const fits = definition !== null && definition.bytes <= room;
        defs[nameOf(reference) ?? ""] = fits ? definition.schema : {};
        isCut ||= !fits;
        if (!fits) continue;
        room -= definition.bytes;
        left.referred -= definition.bytes;
        for (const one of definition.references) wanted.add(one); // the loop comes to them, nearest first
        for (const one of definition.missing) missing.add(one);
      }
      for (const reference of missing) warn(`${reference} is not in the document`);
      if (isCut) warn("what it takes is so large that a part of it is not described");
      return wanted.size === 0 ? whole.schema : { ...whole.schema, $defs: defs };
    },
  };
}
