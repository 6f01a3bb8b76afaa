import { createLongSecrets, type Span } from "./long-secrets.ts";
import { secretParts } from "./secret-parts.ts";

/** Shorter ones are found by one expression; what is longer, as tokens are, would make that slow to build. */
const longFrom = 64;

/** Secrets to look for in texts, in every form they may stand there. Nothing is compiled before the next text comes. */
export interface RegisteredSecrets {
  /** Answers whether it is new. */
  add(value: string): boolean;
  forget(value: string): void;
  forms(): Iterable<string>;
  /** Where they stand, from the left. */
  find(text: string): Span[];
  replace(text: string, by: (found: string) => string): string;
  /** In a text that was put into lower case, and its secrets with it. */
  replaceLowered(text: string, by: (found: string) => string): string;
}

export function createRegisteredSecrets(): RegisteredSecrets {
  const formsOf = new Map<string, ReadonlySet<string>>();
  /** By form, how many values have it: what one leaves may be another. */
  const uses = new Map<string, number>();
  const short = createShortSecrets();
  const long = createLongSecrets();
  const loweredLong = createLongSecrets();

  return {
    add(value) {
      if (formsOf.has(value)) return false;
      const forms = allForms(value);
      formsOf.set(value, forms);
      for (const form of forms) {
        const before = uses.get(form) ?? 0;
        uses.set(form, before + 1);
        if (before > 0) continue;
        if (form.length < longFrom) short.add(form);
        else {
          long.add(form);
          loweredLong.add(form.toLowerCase());
        }
      }
      return true;
    },
    forget(value) {
      for (const form of formsOf.get(value) ?? []) {
        const left = (uses.get(form) ?? 0) - 1;
        if (left > 0) {
          uses.set(form, left);
          continue;
        }
        uses.delete(form);
        if (form.length < longFrom) short.forget(form);
        else {
          long.forget(form);
          loweredLong.forget(form.toLowerCase());
        }
      }
      formsOf.delete(value);
    },
    forms: () => uses.keys(),
    find(text) {
      const pattern = short.pattern("g");
      const found = pattern === null ? [] : text.matchAll(pattern);
      const spans = Array.from(found, ({ index, 0: secret }): Span => [index, index + secret.length]);
      return [...long.find(text), ...spans].toSorted(([one], [other]) => one - other);
    },
    replace: (text, by) => replaced(long.replace(text, by), short.pattern("g"), by),
    replaceLowered: (text, by) => replaced(loweredLong.replace(text, by), short.pattern("gi"), by),
  };
}

function replaced(text: string, pattern: RegExp | null, by: (found: string) => string): string {
  return pattern === null ? text : text.replace(pattern, by);
}

/** With what of it is a secret by itself: raw, URL-encoded in both ways, base64 and base64url. */
function allForms(value: string): ReadonlySet<string> {
  const forms = secretParts(value).flatMap((part) => {
    const bytes = Buffer.from(part);
    const inForm = new URLSearchParams([["", part]]).toString().slice(1);
    return [part, encodeURIComponent(part), inForm, bytes.toString("base64"), bytes.toString("base64url")];
  });
  return new Set(forms);
}

function createShortSecrets() {
  const forms = new Set<string>();
  const patterns = new Map<string, RegExp>();
  return {
    add(form: string): void {
      forms.add(form);
      patterns.clear();
    },
    forget(form: string): void {
      if (forms.delete(form)) patterns.clear();
    },
    pattern(flags: "g" | "gi"): RegExp | null {
      if (forms.size === 0) return null;
      const made = patterns.get(flags) ?? new RegExp(anyOf([...forms]), flags);
      patterns.set(flags, made);
      return made;
    },
  };
}

function anyOf(forms: readonly string[]): string {
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
}
