import type { Expression, Node, ObjectExpression, Program, TemplateLiteral } from "oxc-parser";

/** What a piece of source stands for, found without running it. */
export type StaticValue =
  string | number | boolean | null | undefined | StaticValue[] | Map<string, StaticValue> | Unread | KnownModule;

/** A part that only running the code would tell, with the reason in words. */
export class Unread {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

class KnownModule {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface StaticOptions {
  /** Folder of the file: what `__dirname` stands for. */
  directory: string;
  /** Folder in which the tool would run: what `process.cwd()` stands for. */
  workingDirectory: string;
  join: (...parts: string[]) => string;
}

const maxDepth = 60;
const maxSteps = 20_000;
const maxTextLength = 16_384;
const maxItems = 2_000;
const pathModules = new Set(["path", "node:path"]);
/** Functions known to hand back their only argument. */
const identityFunctions = new Set(["defineConfig", "defineNuxtConfig"]);

/**
 * Reads the exported value of a JavaScript or TypeScript module from its syntax tree alone. Literals, constants,
 * templates, spreads, `path.join(__dirname, …)`, and `process.env.X || "default"` are understood; all else is `Unread`.
 * Work, depth and sizes are bounded, so hostile sources cost little.
 */
export function readExportedValue(program: Program, options: StaticOptions): StaticValue {
  const reader = createReader(options);
  let exported: StaticValue = new Unread("nothing is exported");
  const named = new Map<string, StaticValue>();
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration") reader.declareImports(statement);
    if (statement.type === "VariableDeclaration") reader.declare(statement);
    if (statement.type === "ExportNamedDeclaration" && statement.declaration?.type === "VariableDeclaration") {
      for (const [name, value] of reader.declare(statement.declaration)) named.set(name, value);
    }
    if (statement.type === "ExportDefaultDeclaration") exported = reader.evaluate(statement.declaration);
    if (statement.type === "TSExportAssignment") exported = reader.evaluate(statement.expression);
    if (statement.type !== "ExpressionStatement") continue;
    if (statement.expression.type === "CallExpression") reader.forget(statement.expression.callee);
    if (statement.expression.type !== "AssignmentExpression") continue;
    const { left, right, operator } = statement.expression;
    const target = operator === "=" ? nameOf(left) : null;
    if (target === "module.exports") exported = reader.evaluate(right);
    else if (target?.startsWith("module.exports.")) named.set(target.slice(15), reader.evaluate(right));
    else if (target?.startsWith("exports.")) named.set(target.slice(8), reader.evaluate(right));
    else reader.forget(left);
  }
  return exported instanceof Unread && named.size > 0 ? named : exported;
}

type Declaration = Extract<Node, { type: "VariableDeclaration" }>;
type Import = Extract<Node, { type: "ImportDeclaration" }>;

function createReader(options: StaticOptions) {
  const scope = new Map<string, StaticValue>();
  let steps = 0;

  function evaluate(node: Node, depth = 0): StaticValue {
    if (++steps > maxSteps) return new Unread("the file is too complicated");
    if (depth > maxDepth) return new Unread("it is nested too deeply");
    const next = (inner: Node): StaticValue => evaluate(inner, depth + 1);
    if (node.type === "Literal") return literal(node.value);
    if (node.type === "TemplateLiteral") return template(node, next);
    if (node.type === "Identifier") return identifier(node.name);
    if (node.type === "ObjectExpression") return object(node, next);
    if (node.type === "ArrayExpression") return array(node.elements, next);
    if (isWrapper(node)) return next(node.expression);
    if (node.type === "UnaryExpression") return unary(node.operator, next(node.argument));
    if (node.type === "BinaryExpression") return binary(node.operator, next(node.left), next(node.right));
    if (node.type === "LogicalExpression") return logical(node.operator, next(node.left), () => next(node.right));
    if (node.type === "MemberExpression") return member(node, next);
    if (node.type === "CallExpression") return call(node, next);
    if (node.type === "ConditionalExpression") {
      const test = next(node.test);
      return test instanceof Unread ? test : next(isTrue(test) ? node.consequent : node.alternate);
    }
    return new Unread(`${words(node.type)} is only known when it runs`);
  }

  function identifier(name: string): StaticValue {
    if (name === "__dirname") return options.directory;
    if (name === "undefined") return undefined;
    return scope.has(name) ? scope.get(name) : new Unread(`the value of ${name} is only known when it runs`);
  }

  function member(node: Extract<Node, { type: "MemberExpression" }>, next: (inner: Node) => StaticValue): StaticValue {
    const path = nameOf(node);
    if (path?.startsWith("process.env.")) return new Unread(`${path} is not read`);
    if (path === "import.meta.dirname") return options.directory;
    const holder = next(node.object);
    if (holder instanceof Unread) return holder;
    const key = node.computed ? next(node.property) : "name" in node.property ? node.property.name : undefined;
    if (holder instanceof Map && typeof key === "string") return holder.get(key);
    if (Array.isArray(holder) && typeof key === "number") return holder[key];
    return new Unread(`${path ?? "a property"} is only known when it runs`);
  }

  function call(node: Extract<Node, { type: "CallExpression" }>, next: (inner: Node) => StaticValue): StaticValue {
    const name = nameOf(node.callee) ?? "a function";
    const [first] = node.arguments;
    if (name === "process.cwd") return options.workingDirectory;
    if (name === "require" && first?.type === "Literal" && typeof first.value === "string") {
      if (pathModules.has(first.value)) return new KnownModule("path");
      return new Unread(`${first.value} is not loaded`);
    }
    if (identityFunctions.has(name) && first && node.arguments.length === 1) return next(first);
    const method = /^(\w+)\.(join|resolve)$/.exec(name);
    const isPath =
      method?.[1] !== undefined && scope.get(method[1]) instanceof KnownModule
        ? true
        : scope.get(name) instanceof KnownModule;
    if (isPath) {
      const parts = array(node.arguments, next);
      if (parts instanceof Unread) return parts;
      if (Array.isArray(parts) && parts.every((part) => typeof part === "string"))
        return bounded(options.join(...parts));
    }
    return new Unread(`the result of ${name}() is only known when it runs`);
  }

  function declare(declaration: Declaration): [string, StaticValue][] {
    const found: [string, StaticValue][] = [];
    for (const { id, init } of declaration.declarations) {
      if (id.type === "ObjectPattern") {
        const source = init ? evaluate(init) : undefined;
        for (const property of id.properties)
          if (property.type === "Property" && property.value.type === "Identifier" && source instanceof KnownModule)
            scope.set(property.value.name, source);
        continue;
      }
      if (id.type !== "Identifier") continue;
      const value =
        declaration.kind === "const"
          ? init
            ? evaluate(init)
            : undefined
          : new Unread(`${id.name} may change while it runs`);
      scope.set(id.name, value);
      found.push([id.name, value]);
    }
    return found;
  }

  function declareImports(statement: Import): void {
    const known = pathModules.has(statement.source.value);
    for (const { local } of statement.specifiers)
      scope.set(local.name, known ? new KnownModule("path") : new Unread(`${statement.source.value} is not loaded`));
  }

  /** After `config.apps.push(…)` or an assignment the constant is no longer what it was. */
  function forget(target: Node): void {
    const root = nameOf(target)?.split(".")[0];
    if (root !== undefined && scope.has(root)) scope.set(root, new Unread(`${root} is changed while it runs`));
  }

  return { evaluate: (node: Node) => evaluate(node), declare, declareImports, forget };
}

type Wrapper = Extract<
  Node,
  {
    type:
      | "ParenthesizedExpression"
      | "TSAsExpression"
      | "TSSatisfiesExpression"
      | "TSNonNullExpression"
      | "TSTypeAssertion";
  }
>;

/** Brackets and type annotations around an expression. */
function isWrapper(node: Node): node is Wrapper {
  return /^(?:Parenthesized|TSAs|TSSatisfies|TSNonNull)Expression$|^TSTypeAssertion$/.test(node.type);
}

function literal(value: unknown): StaticValue {
  if (typeof value === "string") return bounded(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return new Unread("this kind of literal is not read");
}

function template(node: TemplateLiteral, next: (inner: Node) => StaticValue): StaticValue {
  let text = "";
  for (const [index, quasi] of node.quasis.entries()) {
    text += quasi.value.cooked ?? "";
    const expression = node.expressions[index];
    if (!expression) continue;
    const value = next(expression);
    if (value instanceof Unread) return value;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      return new Unread("a template holds more than text");
    text += String(value);
    if (text.length > maxTextLength) return new Unread("a text is too long");
  }
  return bounded(text);
}

function object(node: ObjectExpression, next: (inner: Node) => StaticValue): StaticValue {
  const result = new Map<string, StaticValue>();
  for (const property of node.properties) {
    if (result.size > maxItems) return new Unread("an object is too large");
    if (property.type === "SpreadElement") {
      const inner = next(property.argument);
      if (inner instanceof Map) for (const [key, value] of inner) result.set(key, value);
      else result.set("...", inner instanceof Unread ? inner : new Unread("a spread is only known when it runs"));
      continue;
    }
    const key = property.computed
      ? next(property.key)
      : property.key.type === "Identifier"
        ? property.key.name
        : next(property.key);
    if (typeof key !== "string" && typeof key !== "number") continue;
    if (["__proto__", "constructor", "prototype"].includes(String(key))) continue;
    result.set(
      String(key),
      property.kind === "init" && !property.method ? next(property.value) : new Unread("a function"),
    );
  }
  return result;
}

function array(elements: readonly (Node | null)[], next: (inner: Node) => StaticValue): StaticValue {
  const result: StaticValue[] = [];
  for (const element of elements) {
    if (result.length > maxItems) return new Unread("a list is too long");
    if (element === null) continue;
    if (element.type !== "SpreadElement") {
      result.push(next(element));
      continue;
    }
    const inner = next(element.argument);
    if (Array.isArray(inner)) result.push(...inner.slice(0, maxItems));
    else result.push(inner instanceof Unread ? inner : new Unread("a spread is only known when it runs"));
  }
  return result;
}

function unary(operator: string, value: StaticValue): StaticValue {
  if (value instanceof Unread) return value;
  if (operator === "!") return !isTrue(value);
  if (operator === "-" && typeof value === "number") return -value;
  if (operator === "+" && typeof value === "string") return Number(value);
  return new Unread(`${operator} is not read`);
}

function binary(operator: string, left: StaticValue, right: StaticValue): StaticValue {
  if (left instanceof Unread) return left;
  if (right instanceof Unread) return right;
  if (operator === "===" || operator === "==") return left === right;
  if (operator === "!==" || operator === "!=") return left !== right;
  if (typeof left === "number" && typeof right === "number") {
    if (operator === "+") return left + right;
    if (operator === "-") return left - right;
    if (operator === "*") return left * right;
    if (operator === "/") return left / right;
  }
  if (operator === "+" && isText(left) && isText(right)) return bounded(`${left}${right}`);
  return new Unread(`${operator} is not read`);
}

function isText(value: StaticValue): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** `process.env.PORT || 3000` counts as its default: the variable is not ours to read. */
function logical(operator: string, left: StaticValue, right: () => StaticValue): StaticValue {
  if (left instanceof Unread) return operator === "&&" ? left : right();
  if (operator === "??") return left ?? right();
  return isTrue(left) === (operator === "||") ? left : right();
}

function isTrue(value: StaticValue): boolean {
  return Boolean(value) || value instanceof Map || Array.isArray(value);
}

function bounded(text: string): string | Unread {
  return text.length > maxTextLength ? new Unread("a text is too long") : text;
}

/** "a.b.c" for a chain of plain names, else null. */
function nameOf(node: Node | Expression): string | null {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MetaProperty") return `${node.meta.name}.${node.property.name}`;
  if (node.type !== "MemberExpression" || node.computed || node.property.type !== "Identifier") return null;
  const holder = nameOf(node.object);
  return holder === null ? null : `${holder}.${node.property.name}`;
}

function words(type: string): string {
  return type
    .replace(/(Expression|Declaration|Statement)$/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
