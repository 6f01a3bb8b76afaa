import { stripVTControlCharacters } from "node:util";

import type { z } from "zod";

import { redactedMark, redactTokens } from "../../../lib/redact.ts";
import { secretParts } from "../../../lib/secret-parts.ts";
import { tameHtml } from "../reading/tame-html.ts";
import { withoutControls } from "./clean-input.ts";
import { GatewayError } from "./gateway-error.ts";
import { isHtmlField, partsOf, plain } from "./html-field.ts";
import { hasMarkedFields } from "./marked-fields.ts";
import { isOpeningField } from "./opening-field.ts";
import { loadSanitiser, sanitiser, SanitiserMissing } from "./sanitiser.ts";
import { secretForms } from "./secret-forms.ts";

export interface OutputCleaning {
  /** Secrets of this connector in the clear; those the secret box has opened are known anyway. */
  secrets: readonly string[];
  /** What the value was made by: fields that are `htmlField` in it are sanitised as HTML. */
  schema?: z.core.$ZodType;
  /** Called for each field of HTML of which something is left out because it is too long, or too deep. */
  onCut?(): void;
}

/** The library that sanitises needs time that grows with the square of what is nested, so it never sees more than this. */
const htmlLimits = { maxChars: 2_000_000, maxElements: 20_000, maxDepth: 60 };
/** Most texts: nothing in them controls anything. */
const printable = /^[\x20-\x7e\n\t]*$/;
const deepest = 200;
/** Entries of a list have the same few names. */
const mostNames = 1_000;

/** Longer values are not looked at as a whole first. */
const shortReply = 65_536;

/** `cleanOutput` of what may hold HTML: the library for that is loaded with the first that does. */
export async function cleanReply<T>(value: T, options: OutputCleaning): Promise<T> {
  try {
    return cleanOutput(value, options);
  } catch (error) {
    if (!(error instanceof SanitiserMissing)) throw error;
  }
  await loadSanitiser();
  return cleanOutput(value, options);
}

/**
 * What came back, or a copy of it where something has to go: without secrets (by their value in every usual spelling, and by the
 * shape of known tokens), without control characters besides tab and line ends and without marks that override the direction of
 * text; HTML without anything that runs, where the schema says that it is HTML; an `openingField` with what it opens by. Everything
 * else stays as it is, bytes too. Doing it twice changes nothing more.
 * Throws `reply_invalid` for what is nested deeper than 200 levels, and for HTML while `loadSanitiser` was not waited for.
 */
export function cleanOutput<T>(value: T, { secrets, schema, onCut }: OutputCleaning): T {
  const redactSecrets = redactorFor(secrets);
  if ((schema === undefined || !hasMarkedFields(schema)) && isClean(value, redactSecrets)) return value;
  const cleanText = (text: string): string =>
    redactSecrets(printable.test(text) ? text : withoutControls(stripVTControlCharacters(text)));
  const names = new Map<string, string>();
  const cleanName = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const fresh = cleanText(name);
    if (names.size < mostNames) names.set(name, fresh);
    return fresh;
  };
  const cleanHtml = (text: string): string => {
    const sanitiseHtml = sanitiser();
    const { html, isCut } = tameHtml(cleanText(text), htmlLimits);
    if (isCut) onCut?.();
    return cleanText(sanitiseHtml(html));
  };

  function cleaned(part: unknown, schemas: readonly z.core.$ZodType[], depth: number): unknown {
    if (typeof part === "string") {
      const fields = plain(schemas, part);
      if (fields.some(isOpeningField)) return withoutControls(part);
      return fields.some(isHtmlField) ? cleanHtml(part) : cleanText(part);
    }
    if (!isContainer(part)) return part;
    if (depth >= deepest) throw tooDeep();
    if (Array.isArray(part)) return part.map((entry, at) => cleaned(entry, partsOf(schemas, at, part), depth + 1));
    return Object.fromEntries(
      Object.entries(part).map(([name, entry]) => [
        cleanName(name),
        cleaned(entry, schemas.length === 0 ? schemas : partsOf(schemas, name, part), depth + 1),
      ]),
    );
  }
  return cleaned(value, schema === undefined ? [] : [schema], 0) as T;
}

/** Most replies: one look at all their texts at once finds nothing. What seems to be found across two of them only costs time. */
function isClean(value: unknown, redactSecrets: (text: string) => string): boolean {
  const texts: string[] = [];
  if (gather(value, texts, shortReply, 0) < 0) return false;
  const whole = texts.join("\n");
  return printable.test(whole) && redactSecrets(whole) === whole;
}

/** Puts all texts and names of fields into `texts`; answers how much room is left, less than nothing for what is too long or too deep. */
function gather(value: unknown, texts: string[], room: number, depth: number): number {
  if (typeof value === "string") {
    texts.push(value);
    return room - value.length;
  }
  if (!isContainer(value)) return room;
  if (depth >= deepest) return -1;
  let left = room;
  if (Array.isArray(value))
    for (const entry of value as readonly unknown[]) {
      left = gather(entry, texts, left - 1, depth + 1);
      if (left < 0) return left;
    }
  else
    for (const [name, entry] of Object.entries(value)) {
      texts.push(name);
      left = gather(entry, texts, left - name.length - 1, depth + 1);
      if (left < 0) return left;
    }
  return left;
}

/** Lists and plain objects; bytes, times and the like are values of their own. */
function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function tooDeep(): GatewayError {
  return new GatewayError("reply_invalid", `The reply is nested deeper than ${deepest} levels`, {
    hint: "Ask the other side for less at once, or for another form of the reply.",
  });
}

const redactors = new WeakMap<readonly string[], (text: string) => string>();

/** The secrets of a connector are the same list from call to call. */
function redactorFor(secrets: readonly string[]): (text: string) => string {
  const known = redactors.get(secrets) ?? secretRedactor(secrets);
  redactors.set(secrets, known);
  return known;
}

/** The mark itself is passed over, so that a secret that looks like a part of it does not grow with each time. */
function secretRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(secretParts).flatMap(secretForms))].toSorted((a, b) => b.length - a.length);
  if (forms.length === 0) return redactTokens;
  const pattern = new RegExp([redactedMark, ...forms].map(literally).join("|"), "g");
  return (text) => redactTokens(forms.some((form) => text.includes(form)) ? text.replace(pattern, redactedMark) : text);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
