import type { HLJSApi, LanguageFn } from "highlight.js";

import type { ReviewLine } from "./diff-rows.ts";

/** A piece of a line with what it is: "keyword", "string"; `null` for nothing special. */
export interface ColouredPart {
  readonly text: string;
  readonly kind: string | null;
}

type Load = () => Promise<{ default: LanguageFn }>;

const languages: Record<string, Load> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  go: () => import("highlight.js/lib/languages/go"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  makefile: () => import("highlight.js/lib/languages/makefile"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  scss: () => import("highlight.js/lib/languages/scss"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

const endings: Record<string, string> = {
  bash: "bash",
  sh: "bash",
  zsh: "bash",
  c: "c",
  h: "c",
  cc: "cpp",
  cpp: "cpp",
  cxx: "cpp",
  hpp: "cpp",
  cs: "csharp",
  css: "css",
  dockerfile: "dockerfile",
  go: "go",
  ini: "ini",
  toml: "ini",
  conf: "ini",
  env: "ini",
  java: "java",
  js: "javascript",
  jsx: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  json: "json",
  jsonc: "json",
  kt: "kotlin",
  kts: "kotlin",
  makefile: "makefile",
  mk: "makefile",
  md: "markdown",
  mdx: "markdown",
  php: "php",
  py: "python",
  rb: "ruby",
  rs: "rust",
  scss: "scss",
  sql: "sql",
  swift: "swift",
  ts: "typescript",
  tsx: "typescript",
  mts: "typescript",
  cts: "typescript",
  html: "xml",
  xml: "xml",
  svg: "xml",
  vue: "xml",
  svelte: "xml",
  yml: "yaml",
  yaml: "yaml",
};

/** Name of the language a file is written in, as far as its name says; `null` when it does not. */
export function languageOf(path: string): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return endings[name] ?? endings[name.slice(name.lastIndexOf(".") + 1)] ?? null;
}

let core: Promise<HLJSApi> | undefined;

/** What colours a text line by line; loaded when it is first wanted. */
export async function loadColours(language: string): Promise<(text: string) => ColouredPart[][]> {
  core ??= import("highlight.js/lib/core").then((module) => module.default);
  const [api, definition] = await Promise.all([core, languages[language]?.()]);
  if (definition && api.getLanguage(language) === undefined) api.registerLanguage(language, definition.default);
  return (text) => partsByLine(api.highlight(text, { language, ignoreIllegals: true }).value);
}

const maxCharacters = 100_000;

/** The lines of a hunk in colours: the old file and the new one are each read as a whole, as far as they are shown. */
export function colourLines(
  lines: readonly ReviewLine[],
  colour: (text: string) => ColouredPart[][],
): ColouredPart[][] {
  const side = (left: "removed" | "added"): ColouredPart[][] => {
    const shown = lines.filter(({ kind }) => kind !== left).map(({ text }) => text);
    const whole = shown.join("\n");
    return whole.length > maxCharacters ? shown.map((text) => [{ text, kind: null }]) : colour(whole);
  };
  const old = side("added");
  const fresh = side("removed");
  let before = 0;
  let after = 0;
  return lines.map(({ kind, text }) => {
    const plain = [{ text, kind: null }];
    if (kind === "removed") return old[before++] ?? plain;
    if (kind === "same") before += 1;
    return fresh[after++] ?? plain;
  });
}

const signs: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'" };

/** Takes apart what the library writes: nested spans with a class, and text in which five signs are escaped. */
export function partsByLine(html: string): ColouredPart[][] {
  const lines: ColouredPart[][] = [[]];
  const open: string[] = [];
  for (const [, className, end, text] of html.matchAll(/<span class="([^"]*)">|(<\/span>)|([^<]+)/g)) {
    if (className !== undefined) open.push(className.replace(/^hljs-/, "").split(/[ .]/)[0] ?? "");
    else if (end !== undefined) open.pop();
    else {
      const plain = (text ?? "").replace(/&(amp|lt|gt|quot|#x27);/g, (_, name: string) => signs[name] ?? "");
      for (const [index, part] of plain.split("\n").entries()) {
        if (index > 0) lines.push([]);
        if (part !== "") lines.at(-1)?.push({ text: part, kind: open.at(-1) ?? null });
      }
    }
  }
  return lines;
}
