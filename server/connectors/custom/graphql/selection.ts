import { namedType, typeText, type GraphqlField, type GraphqlType } from "./introspection.ts";

const mostFields = 80;
const mostKinds = 8;
/** Wrappings of lists, which are no level of their own. */
const pages = new Set(["edges", "node", "nodes"]);

interface Place {
  types: ReadonlyMap<string, GraphqlType>;
  /** Levels that are left. */
  depth: number;
  /** Types above, so that nothing is asked for within itself. */
  above: readonly string[];
  /** Fields that may still be asked for. */
  room: { left: number };
  indent: string;
}

/**
 * What of a type is asked for: its plain fields, and those of what it holds down to a depth. Fields that need arguments are left
 * out. Empty for a type without fields; the name of its type where nothing else can be asked for.
 */
export function selectionOf(field: GraphqlField, types: ReadonlyMap<string, GraphqlType>, depth: number): string {
  const { name } = namedType(field.type);
  return braces(name, { types, depth, above: [], room: { left: mostFields }, indent: "    " });
}

function braces(typeName: string, place: Place): string {
  const lines = linesOf(typeName, place);
  if (lines === null) return "";
  return ` {\n${lines.map((line) => `${place.indent}${line}`).join("\n")}\n${place.indent.slice(2)}}`;
}

/** `null` for a type that has no fields to choose from. */
function linesOf(typeName: string, place: Place): string[] | null {
  const type = place.types.get(typeName);
  if (type === undefined || !["OBJECT", "INTERFACE", "UNION"].includes(type.kind)) return null;
  const lines = fieldLines(type, place);
  if (type.kind !== "OBJECT") {
    lines.unshift("__typename");
    // The same name must mean the same in all of them.
    const meant = new Map((type.fields ?? []).map((field) => [field.name, typeText(field.type)]));
    for (const { name } of (type.possibleTypes ?? []).slice(0, mostKinds)) lines.push(...fragment(name, meant, place));
  }
  return lines.length === 0 ? ["__typename"] : lines;
}

function fragment(name: string, meant: Map<string, string>, place: Place): string[] {
  const type = place.types.get(name);
  if (type === undefined || place.above.includes(name)) return [];
  const own = (type.fields ?? []).filter(
    (field) => (meant.get(field.name) ?? typeText(field.type)) === typeText(field.type),
  );
  for (const field of own) meant.set(field.name, typeText(field.type));
  const lines = fieldLines({ ...type, fields: own }, { ...place, indent: `${place.indent}  ` });
  if (lines.length === 0) return [];
  const inner = lines.map((line) => `${place.indent}  ${line}`).join("\n");
  return [`... on ${name} {\n${inner}\n${place.indent}}`];
}

/** Plain fields go first: they are what is wanted when the room is small. */
function fieldLines(type: GraphqlType, place: Place): string[] {
  const usable = (type.fields ?? []).filter(({ args }) => args.every((one) => !isNeeded(one)));
  const plain = usable.filter((field) => isLeaf(field, place));
  const deep = usable.filter((field) => !isLeaf(field, place));
  const lines: string[] = [];
  for (const { name } of plain) {
    if (place.room.left <= 0) return lines;
    place.room.left -= 1;
    lines.push(name);
  }
  for (const field of deep) {
    const inside = namedType(field.type).name;
    const isPage = pages.has(field.name);
    const depth = isPage ? place.depth : place.depth - 1;
    if (depth <= 0 || place.room.left <= 0 || place.above.includes(inside) || inside === type.name) continue;
    place.room.left -= 1;
    const above = [...place.above, type.name];
    const body = braces(inside, { ...place, depth, above, indent: `${place.indent}  ` });
    if (body !== "") lines.push(`${field.name}${body}`);
  }
  return lines;
}

/** Without it the service would refuse the question. */
export function isNeeded({ type, defaultValue }: GraphqlField["args"][number]): boolean {
  return type.kind === "NON_NULL" && (defaultValue === null || defaultValue === undefined);
}

function isLeaf({ type }: GraphqlField, { types }: Place): boolean {
  const { name, kind } = namedType(type);
  return kind === "SCALAR" || kind === "ENUM" || !types.has(name);
}
