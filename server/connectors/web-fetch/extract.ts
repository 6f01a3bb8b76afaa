import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { baseOf, isPage, parsePage, resolveLink, type TextReply } from "../reading/page.ts";
import { shorten } from "../reading/plain-text.ts";
import type { PageBrowser } from "./browser/page-browser.ts";
import { getText } from "./get-page.ts";
import { pageMetadata, pageMetadataSchema } from "./page-metadata.ts";
import type { PageReader } from "./page-reader.ts";
import { mainPart } from "./readable.ts";
import { elementText, tableRows, toMarkdown, tidyLinks } from "./to-markdown.ts";
import { pageUrl, pageWay, respectsRobots, type WebFetchConfig } from "./web-fetch-config.ts";

const parts = ["metadata", "links", "tables", "text"] as const;

const input = z.strictObject({
  url: pageUrl,
  via: pageWay,
  parts: z
    .array(z.enum(parts))
    .min(1, "must name at least one part")
    .default([...parts])
    .describe("What to take out of the page"),
  selector: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(200, "must have at most 200 characters")
    .optional()
    .describe("CSS selector: only what is inside of the elements it finds"),
  limit: z.int().min(1).max(2_000).default(200).describe("Most links, and most elements of the selector"),
  maxChars: z.int().min(200).max(200_000).default(30_000).describe("Most characters of text"),
  respectsRobots,
});
export type ExtractWish = z.output<typeof input>;

const output = z.strictObject({
  url: z.string().describe("Where it came from, after redirects"),
  metadata: pageMetadataSchema.nullable(),
  links: z.array(z.strictObject({ url: z.string(), text: z.string() })).nullable(),
  tables: z.array(z.strictObject({ caption: z.string().nullable(), rows: z.array(z.array(z.string())) })).nullable(),
  text: z.string().nullable().describe("Markdown of the article, or of what the selector found"),
  matches: z.int().nullable().describe("How many elements the selector found"),
  warnings: z.array(z.string()),
});

export type ExtractOutput = z.output<typeof output>;

const maxTables = 50;

/** Gets a page and lets parts be taken out of it. */
export const extractOperation = (reader: PageReader, browser: PageBrowser) =>
  defineOperation({
    title: "Take parts out of a page",
    description: "Gives back a page's metadata, links, tables and main text, also only of what a CSS selector finds.",
    effect: "read",
    isIdempotent: true,
    trust: "external",
    input,
    output,
    targets: ({ url }) => [url],
    examples: [
      { title: "Everything", input: { url: "https://example.com/" } },
      { title: "Links of a menu", input: { url: "https://example.com/", parts: ["links"], selector: "nav a" } },
      { title: "Tables of an article", input: { url: "https://example.com/prices", parts: ["tables"] } },
    ],
    async run(wish, context: OperationContext<WebFetchConfig>) {
      const accept = "text/html,application/xhtml+xml,*/*;q=0.5";
      const text = await getText({ ...wish, accept }, context, browser);
      if (!isPage(text.type))
        throw new GatewayError("reply_invalid", `There is no page at this address, but ${text.type}`, {
          hint: "Use fetch for texts, and download for files.",
          isFinal: true,
        });
      return reader.extract(text, wish, context);
    },
  });

/** Takes parts out of a page; takes long where the page is made to. */
export async function extractParts(text: TextReply, wish: ExtractWish): Promise<ExtractOutput> {
  const document = await parsePage(text);
  const base = baseOf(document, text.url);
  const wants = (part: (typeof parts)[number]): boolean => wish.parts.includes(part);
  const found = wish.selector === undefined ? null : select(document, wish.selector);
  const roots = found === null ? [document.body] : outermost(found).slice(0, wish.limit);
  return {
    url: text.url,
    metadata: wants("metadata") ? pageMetadata(document, text.url) : null,
    links: wants("links") ? linksOf(roots, base, wish.limit) : null,
    tables: wants("tables") ? tablesOf(roots) : null,
    text: wants("text") ? await textOf(document, found === null ? null : roots, { url: text.url, base, wish }) : null,
    matches: found?.length ?? null,
    warnings: text.warnings,
  };
}

function select(document: Document, selector: string): Element[] {
  // Each of them makes the search over the whole page begin anew.
  if ((selector.match(/:(?:has|is|where|not|matches|nth-|contains)|~/gi) ?? []).length > 3)
    throw badSelector("The selector has more than three conditions that look around", undefined);
  try {
    return [...document.querySelectorAll(selector)];
  } catch (cause) {
    throw badSelector(`${selector} is no CSS selector`, cause);
  }
}

function badSelector(message: string, cause: unknown): GatewayError {
  return new GatewayError("invalid_params", message, {
    hint: "Write it as in a style sheet: article p, table.prices, #main a[href].",
    isFinal: true,
    cause,
  });
}

/** Without those that lie inside of another one. */
function outermost(elements: Element[]): Element[] {
  const all = new Set(elements);
  return elements.filter((element) => {
    for (let above = element.parentElement; above; above = above.parentElement) if (all.has(above)) return false;
    return true;
  });
}

function withIn(roots: Element[], name: string): Element[] {
  return roots.flatMap((root) => [...(root.matches(name) ? [root] : []), ...root.querySelectorAll(name)]);
}

function linksOf(roots: Element[], base: string, limit: number) {
  const links = new Map<string, string>();
  for (const element of withIn(roots, "a[href]")) {
    if (links.size >= limit) break;
    const url = resolveLink(element.getAttribute("href") ?? "", base);
    if (url !== null && !links.get(url)) links.set(url, shorten(elementText(element), 300));
  }
  return [...links].map(([url, text]) => ({ url, text }));
}

function tablesOf(roots: Element[]) {
  return withIn(roots, "table")
    .map((table) => {
      const caption = table.querySelector("caption");
      return { caption: caption ? shorten(elementText(caption), 300) : null, rows: tableRows(table) };
    })
    .filter(({ rows }) => rows.length > 0)
    .slice(0, maxTables);
}

interface TextWish {
  url: string;
  base: string;
  wish: ExtractWish;
}

async function textOf(document: Document, roots: Element[] | null, { url, base, wish }: TextWish): Promise<string> {
  if (roots === null)
    return shorten(await toMarkdown((await mainPart(document, url, { isMainOnly: true })).root), wish.maxChars);
  const texts: string[] = [];
  for (const root of roots) {
    tidyLinks(root, base);
    texts.push(await toMarkdown(root));
  }
  return shorten(texts.filter((text) => text !== "").join("\n\n"), wish.maxChars);
}
