import { createRegisteredSecrets } from "./registered-secrets.ts";

/** Stands where something was removed. */
export const redactedMark = "[redacted]";
const mark = redactedMark;
const secrets = createRegisteredSecrets();
const marked = (): string => mark;

/** Shapes of tokens by vendor, JWT, credentials in URLs: found in time linear in the text. */
const tokenShapes: readonly [RegExp, string][] = [
  [/\b(?:sk|pk|rk)-(?:[a-z]+-)?[A-Za-z0-9_-]{16,}/g, mark],
  [/\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}\b/g, mark],
  [/\bgithub_pat_[A-Za-z0-9_]{20,}\b/g, mark],
  [/\bglpat-[A-Za-z0-9_-]{16,}/g, mark],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, mark],
  [/\bAKIA[0-9A-Z]{16}\b/g, mark],
  [/\bAIza[0-9A-Za-z_-]{30,}/g, mark],
  [/\bnpm_[A-Za-z0-9]{30,}\b/g, mark],
  [/\bportos_mcp_[A-Za-z0-9_-]{40,}/g, mark],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, mark],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${mark}@`],
];

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g;

/** What stands behind the word of a header that announces a secret. */
const headerPatterns: readonly [RegExp, string][] = [
  [/\b(authorization\s*[:=]\s*(?:bearer|basic|token)\s+)[^\s"',;]+/gi, `$1${mark}`],
  [/\b(bearer\s+)[A-Za-z0-9._~+/-]{16,}=*/gi, `$1${mark}`],
  [/\b(x-amz-signature=)[0-9a-f]{16,}/gi, `$1${mark}`],
];

/** What only a name says: in code it may as well be the name of a type or a call. */
const namedPatterns: readonly [RegExp, string][] = [
  [
    /\b((?:[a-z0-9]{1,40}[_-]){0,8}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;&]{4,}/gi,
    `$1${mark}`,
  ],
];

const tokenPatterns: readonly (readonly [RegExp, string])[] = [...tokenShapes, [privateKey, mark]];
const wordPatterns = [...headerPatterns, ...namedPatterns];
/** A part of everything the patterns find: most texts have none of them, and need no further look. */
const tokenSigns =
  /[spr]k-|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|AIza|npm_|portos_mcp_|eyJ|:\/\/|PRIVATE KEY-----/i;
const wordSigns = /authorization|bearer|x-amz-signature|passw|secret|token|key/i;
/** An escaped end of a line (`\n` in JSON) or a colour of a terminal: its last letter would make what follows a part of a word. */
const escape = String.raw`(\\[nrt]|\u001b\[[0-9;]{0,16}m)`;
const escapedForms = new Map<Pattern, Pattern>(
  [...tokenShapes, ...headerPatterns, ...namedPatterns].map((entry) => {
    const [pattern, replacement] = entry;
    const behind = new RegExp(pattern.source.replace(/^\\b/, escape), pattern.flags);
    return [entry, [behind, `$1${replacement.replace("$1", "$2")}`] as const];
  }),
);
/** Whether one of them may match: one look instead of many. */
const mayBeEscaped = new RegExp(
  `${escape}(?:[spr]k-|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|AIza|npm_|portos_mcp_|eyJ|x-amz-signature=|(?:[a-z0-9]{1,40}[_-]){0,8}(?:authorization|bearer|password|passwd|secret|token|api|access|private)|[a-z][a-z0-9+.-]{0,30}://)`,
  "i",
);

/**
 * From now on `value`, and what of it is a secret by itself, is removed from everything `redact` sees: raw, URL-encoded in both ways,
 * base64 and base64url. Answers whether it was not known before.
 */
export function registerSecret(value: string): boolean {
  if (value.length < 4 || !secrets.add(value)) return false;
  knownHarmless.clear();
  return true;
}

/** Of one that does not count any more: what comes by the hour would otherwise be looked for until the process ends. */
export function forgetSecret(value: string): void {
  secrets.forget(value);
}

/** Short texts in which nothing was found since the last secret was registered: the same sentences are said again and again. */
const knownHarmless = new Set<string>();
const mostHarmless = 1_000;
const longestHarmless = 200;

/** Returns `text` without registered secrets and without anything that has the shape of a known token. */
export function redact(text: string): string {
  if (knownHarmless.has(text)) return text;
  const withoutTokens = redactTokens(text);
  const result = wordSigns.test(withoutTokens) ? replaced(withoutTokens, wordPatterns) : withoutTokens;
  if (result === text && text.length <= longestHarmless) {
    if (knownHarmless.size >= mostHarmless) knownHarmless.clear();
    knownHarmless.add(text);
  }
  return result;
}

/**
 * As `redact`, but a word such as "password:" does not make a secret of what follows it: for text that is handed on as data, in
 * which such words are words.
 */
export function redactTokens(text: string): string {
  const withoutValues = secrets.replace(text, marked);
  return tokenSigns.test(withoutValues) ? replaced(withoutValues, tokenPatterns) : withoutValues;
}

type Pattern = readonly [RegExp, string];

function replaced(text: string, patterns: readonly Pattern[]): string {
  const result = patterns.reduce((before, [pattern, replacement]) => before.replace(pattern, replacement), text);
  return mayBeEscaped.test(result) ? replacedEscaped(result, patterns) : result;
}

function replacedEscaped(text: string, patterns: readonly Pattern[]): string {
  return patterns.reduce((before, pattern) => {
    const form = escapedForms.get(pattern);
    return form === undefined ? before : before.replace(...form);
  }, text);
}

const allPatterns = [...tokenPatterns, ...wordPatterns];
const loweredPatterns = allPatterns.map(([pattern, replacement]) => [new RegExp(pattern, "gi"), replacement] as const);

/** The same of a text that was put into lower case, and its secrets with it. */
export function redactLowered(text: string): string {
  return replaced(secrets.replaceLowered(text, marked), loweredPatterns);
}

/** A secret of several lines, each with the sign it had. */
function masked(found: string): string {
  return found
    .split("\n")
    .map((part, index) => (index === 0 ? mark : part.charAt(0) + mark))
    .join("\n");
}

/**
 * Lines of a diff without registered secrets and known tokens, as many as before and each with its sign. What merely follows a name
 * like `token =` stays: whoever is to judge code has to see it.
 */
export function redactDiff(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const text = lines.join("\n");
  const withoutValues = secrets.replace(text, masked);
  return replaced(withoutValues, [...tokenShapes, ...headerPatterns])
    .replace(privateKey, masked)
    .split("\n");
}

const secretWords =
  /(?:^|_)(?:\w*(?:password|passwd|passphrase|secret|token|apikey|credentials?)|(?:db_?|my_?|pg)?(?:pass|pwd)|key|auth|authorization|cookie|dsn)_?\d*$/i;

/** Whether a variable seems to hold a secret: its name ends like one of a secret, or its value has the shape of a known token. */
export function looksLikeSecret(name: string, value: string): boolean {
  const isNamedSo = name !== "PWD" && secretWords.test(name) && !/public_?key$/i.test(name);
  return isNamedSo || redact(value) !== value;
}

/**
 * Length of the end of `text` that may be the beginning of a registered secret which is not yet complete. No complete one is
 * cut by it: where the two overlap, the complete one belongs to the end as well.
 */
export function unfinishedSecretLength(text: string): number {
  let longest = 0;
  for (const secret of secrets.forms()) longest = Math.max(longest, begunLength(text, secret));
  const cut = text.length - longest;
  const across = longest === 0 ? undefined : secrets.find(text).find(([from, to]) => from < cut && to > cut);
  return across ? text.length - across[0] : longest;
}

/**
 * How much of `text` may be shown although a registered secret may have begun at its end: at most a quarter of that one is told, and
 * no more than three characters. The length of `text` when all of it may.
 */
export function showableLength(text: string): number {
  let end = text.length;
  for (const secret of secrets.forms()) {
    const harmless = Math.min(3, Math.floor(secret.length / 4));
    const length = begunLength(text, secret);
    if (length > harmless) end = Math.min(end, text.length - length + harmless);
  }
  if (end === text.length) return end;
  return secrets.find(text).find(([from, to]) => from < end && to > end)?.[0] ?? end;
}

/**
 * `text` as it may follow `before`, which was shown already: with `instead` for the rest of a registered secret that has begun in
 * there.
 */
export function redactBehind(before: string, text: string, instead = mark): string {
  const border = before.length;
  const torn = secrets.find(before + text).find(([from, to]) => from < border && to > border);
  return torn ? instead + text.slice(torn[1] - border) : text;
}

/** Length of the longest beginning of `secret`, not the whole, with which `text` ends. */
function begunLength(text: string, secret: string): number {
  const first = secret.charAt(0);
  let from = text.indexOf(first, Math.max(0, text.length - secret.length + 1));
  while (from !== -1 && !secret.startsWith(text.slice(from))) from = text.indexOf(first, from + 1);
  return from === -1 ? 0 : text.length - from;
}

const secretKey = /(?:password|passwd|secret|token|api_?key|access_?key|private_?key|authorization|cookie)$/i;

/** A copy of a JSON value with every string redacted and every field with a secret's name masked. */
export function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      secretKey.test(key) && typeof inner === "string" && inner !== "" ? mark : redactValue(inner),
    ]),
  );
}
