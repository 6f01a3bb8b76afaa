type Part = Readonly<Record<string, unknown>>;

/** How often the same data may be looked at; each alternative within another one multiplies. */
const mostLooks = 512;
const mostSteps = 100_000;
const choices = ["anyOf", "oneOf", "allOf"] as const;
/** What holds no schema, or only some that are looked at where they are referred to. */
const skipped = new Set(["$ref", "$defs", "definitions", "enum", "const", "default", "examples", ...choices]);

/**
 * Throws an `Error` for a JSON Schema whose check could take as good as for ever: alternatives within alternatives, also by reference,
 * each of which looks at the same data again. References are those within the schema.
 */
export function refuseManyAlternatives(root: Part): void {
  /** The references on the way here, each with the number of looks there was when it was entered. */
  const open = new Map<string, number>();
  const done = new Map<string, number>();
  let steps = 0;

  function refer(ref: string, looks: number): void {
    const entered = open.get(ref);
    if (entered !== undefined) {
      if (looks > entered) throw tooMany();
      return;
    }
    if ((done.get(ref) ?? 0) >= looks) return;
    const target = resolved(root, ref);
    open.set(ref, looks);
    visit(target, looks);
    open.delete(ref);
    done.set(ref, looks);
  }

  function visit(part: unknown, looks: number): void {
    steps += 1;
    if (looks > mostLooks || steps > mostSteps) throw tooMany();
    if (Array.isArray(part)) for (const one of part) visit(one, looks);
    if (!isPart(part)) return;
    if (typeof part["$ref"] === "string") refer(part["$ref"], looks);
    for (const word of choices) {
      const branches = part[word];
      if (!Array.isArray(branches)) continue;
      for (const branch of branches as unknown[]) visit(branch, looks * alike(root, branches, branch));
    }
    for (const [name, inner] of Object.entries(part)) if (!skipped.has(name)) visit(inner, looks);
  }

  visit(root, 1);
}

/** How many of the branches would look into the same data as this one; those of another type are through at once. */
function alike(root: Part, branches: readonly unknown[], branch: unknown): number {
  const kind = kindOf(root, branch);
  return branches.filter((other) => {
    const its = kindOf(root, other);
    return kind === null || its === null || its === kind;
  }).length;
}

function kindOf(root: Part, branch: unknown): string | null {
  const seen = new Set<string>();
  let part = branch;
  while (isPart(part) && typeof part["$ref"] === "string" && !seen.has(part["$ref"])) {
    seen.add(part["$ref"]);
    part = resolved(root, part["$ref"]);
  }
  return isPart(part) && typeof part["type"] === "string" ? part["type"] : null;
}

function resolved(root: Part, ref: string): unknown {
  if (!ref.startsWith("#")) return undefined;
  let part: unknown = root;
  for (const step of ref.slice(1).split("/").slice(1)) {
    if (!isPart(part) && !Array.isArray(part)) return undefined;
    part = (part as Part)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return part;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooMany(): Error {
  return new Error("offers so many alternatives within alternatives that checking a value could take for ever");
}
