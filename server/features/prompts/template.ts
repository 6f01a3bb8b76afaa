import type mustacheLibrary from "mustache";
import type { PartialLookupFn, TemplateSpans } from "mustache";

import { AppError } from "../../../lib/app-error.ts";

/** What a template mentions. */
export interface TemplateFacts {
  /** Names of variables, in order of first use. */
  names: string[];
  /** Prompts it includes directly. */
  includes: string[];
  /** Why it cannot be read; then the lists are empty. */
  problem: string | null;
}

/** Longest text a template may become, in characters: what a run takes. */
export const maxRenderedCharacters = 1_000_000;

/** Sections and inclusions a template may go through; lists within lists grow fast. */
const maxSteps = 50_000;

type Writer = InstanceType<typeof mustacheLibrary.Writer>;
type Context = InstanceType<typeof mustacheLibrary.Context>;

interface Engine {
  newWriter(): Writer;
  newContext(values: ReadonlyMap<string, unknown>): Context;
}

let engine: Promise<Engine> | undefined;

/** Mustache, loaded with the first template: nothing is escaped, looked up by own names only, or called. */
function openEngine(): Promise<Engine> {
  engine ??= import("mustache").then(({ default: mustache }) => {
    class PlainWriter extends mustache.Writer {
      /** Mustache keeps every template it has ever seen; here each is read once. */
      readonly templateCache = undefined;
      #steps = 0;
      #characters = 0;

      override renderTokens(...[tokens, context, ...rest]: Parameters<Writer["renderTokens"]>): string {
        this.#steps += 1;
        if (this.#steps > maxSteps) throw tooLarge();
        return super.renderTokens(tokens, context, ...rest);
      }
      override escapedValue(token: string[], context: Context): string {
        return this.#printed(context.lookup(token[1] ?? ""));
      }
      override unescapedValue(token: string[], context: Context): string {
        return this.#printed(context.lookup(token[1] ?? ""));
      }
      override rawValue(token: string[]): string {
        return this.#counted(token[1] ?? "");
      }
      #printed(value: unknown): string {
        return this.#counted(printValue(value));
      }
      #counted(text: string): string {
        this.#characters += text.length;
        if (this.#characters > maxRenderedCharacters) throw tooLarge();
        return text;
      }
    }
    class ValueContext extends mustache.Context {
      readonly #values: ReadonlyMap<string, unknown>;
      constructor(view: unknown, values: ReadonlyMap<string, unknown>, parent?: Context) {
        super(view, parent);
        this.#values = values;
      }
      override push(view: unknown): Context {
        return new ValueContext(view, this.#values, this);
      }
      override lookup(name: string): unknown {
        return name === "." ? (this.view as unknown) : this.#values.get(name);
      }
    }
    return {
      newWriter: () => new PlainWriter(),
      newContext: (values) => new ValueContext(undefined, values),
    };
  });
  return engine;
}

/** Reads a template without rendering it. */
export async function readTemplate(body: string): Promise<TemplateFacts> {
  const { newWriter } = await openEngine();
  const names = new Set<string>();
  const includes = new Set<string>();
  const visit = (spans: TemplateSpans): void => {
    for (const [kind, value, , , inner] of spans) {
      if (kind === ">") includes.add(value);
      else if ((kind === "name" || kind === "&" || kind === "#" || kind === "^") && value !== ".") names.add(value);
      if (Array.isArray(inner)) visit(inner);
    }
  };
  try {
    visit(newWriter().parse(body) as TemplateSpans);
  } catch (error) {
    return { names: [], includes: [], problem: syntaxProblem(error, body) };
  }
  return { names: [...names], includes: [...includes], problem: null };
}

/** The text a template becomes. Values print as people write them; throws `too_large` when there is no end to it. */
export async function renderTemplate(
  body: string,
  values: ReadonlyMap<string, unknown>,
  partial: PartialLookupFn,
): Promise<string> {
  const { newWriter, newContext } = await openEngine();
  return newWriter().render(body, newContext(values), partial);
}

function printValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.map(printValue).join(", ") : "";
}

function tooLarge(): AppError {
  return new AppError("too_large", `The text becomes longer than ${maxRenderedCharacters} characters`);
}

/** Mustache names places by their offset; people look for lines. */
function syntaxProblem(error: unknown, body: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const at = /^(.*) at (\d+)$/.exec(message);
  if (!at) return message;
  const [, what = "", offset = "0"] = at;
  const line = body.slice(0, Number(offset)).split("\n").length;
  const name = /"(.*)"/.exec(what)?.[1] ?? "";
  if (what.startsWith("Unopened section")) return `Line ${line} of the text: {{/${name}}} closes nothing`;
  if (what.startsWith("Unclosed section")) return `Line ${line} of the text: {{#${name}}} is not closed there`;
  return `Line ${line} of the text: a tag is not closed with }}`;
}
