import type { Field, Shape } from "./schema-fields.ts";

/** What a form holds: only what was given. */
export type Values = Readonly<Record<string, unknown>>;

/** What is being written and cannot be read yet. It must not be sent. */
export class UnreadableText {
  readonly text: string;
  /** What is wrong with it. */
  readonly complaint: string;
  constructor(text: string, complaint: string) {
    this.text = text;
    this.complaint = complaint;
  }
}

/** "8443, 9000" as numbers; what is half written stays as it is. */
export function readNumbers(text: string): unknown {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const numbers = words.map(Number);
  return numbers.some(Number.isNaN) ? new UnreadableText(text, "must be numbers, such as 8443, 9000") : numbers;
}

/** The values with one of them changed; `undefined` takes it out. */
export function withValue(values: Values, name: string, value: unknown): Values {
  if (value !== undefined) return { ...values, [name]: value };
  return Object.fromEntries(Object.entries(values).filter(([other]) => other !== name));
}

/** What is missing or cannot be read, by path as the server names it: { "rows.0.name": "is needed" }. */
export function problemsOf(fields: readonly Field[], values: Values, before = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isRequired, shape } of fields) {
    const path = `${before}${name}`;
    const value = values[name];
    if (value === undefined) {
      if (isRequired) found[path] = "is needed";
    } else if (value instanceof UnreadableText) found[path] = value.complaint;
    else Object.assign(found, problemsWithin(shape, value, path));
  }
  return found;
}

function problemsWithin(shape: Shape, value: unknown, path: string): Record<string, string> {
  if (shape.kind === "number") {
    const problem = typeof value === "number" ? numberProblem(shape, value) : null;
    return problem === null ? {} : { [path]: problem };
  }
  if (shape.kind === "group" && isRecord(value)) return problemsOf(shape.fields, value, `${path}.`);
  if (shape.kind !== "rows" || !Array.isArray(value)) return {};
  const rows: unknown[] = value;
  return Object.assign(
    {},
    ...rows.map((row, index) =>
      isRecord(row) ? problemsOf(shape.fields, row, `${path}.${String(index)}.`) : { [path]: "is not readable" },
    ),
  ) as Record<string, string>;
}

/** In the words of the server. */
function numberProblem({ isInteger, min, max }: Extract<Shape, { kind: "number" }>, value: number): string | null {
  if (isInteger && !Number.isInteger(value)) return "must be a whole number";
  if (min !== null && value < min) return `must be at least ${String(min)}`;
  return max !== null && value > max ? `must be at most ${String(max)}` : null;
}

/** Errors of what lies below a field, by the path from there. */
export function errorsBelow(errors: Readonly<Record<string, string>>, path: string): Record<string, string> {
  const start = `${path}.`;
  return Object.fromEntries(
    Object.entries(errors).flatMap(([name, message]) =>
      name.startsWith(start) ? [[name.slice(start.length), message]] : [],
    ),
  );
}

/** Whether every value can be shown by its field; what cannot is better written as JSON. */
export function fits(fields: readonly Field[], values: Values): boolean {
  return Object.entries(values).every(([name, value]) => {
    const field = fields.find((one) => one.name === name);
    return field !== undefined && fitsShape(field.shape, value);
  });
}

function fitsShape(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case "text":
    case "file":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return shape.choices.some((choice) => choice.value === value);
    case "choices":
      return Array.isArray(value) && value.every((one) => shape.choices.some((choice) => choice.value === one));
    case "lines":
      return Array.isArray(value) && value.every((one) => typeof one === "string" && !one.includes("\n"));
    case "numbers":
      return Array.isArray(value) && value.every((one) => typeof one === "number");
    case "pairs":
      return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
    case "group":
      return isRecord(value) && fits(shape.fields, value);
    case "rows":
      return Array.isArray(value) && value.every((row) => isRecord(row) && fits(shape.fields, row));
    case "json":
      break;
  }
  return true;
}

/** What a default looks like in an empty field. */
export function fallbackText(fallback: unknown): string {
  if (typeof fallback === "string") return fallback;
  if (typeof fallback === "number" || typeof fallback === "boolean") return String(fallback);
  if (Array.isArray(fallback) && fallback.every((one) => typeof one === "string")) return fallback.join(", ");
  return "";
}

export function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof UnreadableText);
}
