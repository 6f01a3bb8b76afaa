import { z } from "zod";

import { defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { htmlField } from "../framework/html-field.ts";
import { isPage, parsePage, type TextReply } from "../reading/page.ts";
import type { PageBrowser } from "./browser/page-browser.ts";
import { getText } from "./get-page.ts";
import { pageMetadata } from "./page-metadata.ts";
import type { PageReader } from "./page-reader.ts";
import { mainPart } from "./readable.ts";
import { toMarkdown } from "./to-markdown.ts";
import { pageUrl, pageWay, respectsRobots, type WebFetchConfig } from "./web-fetch-config.ts";

const input = z.strictObject({
  url: pageUrl,
  via: pageWay,
  format: z.enum(["markdown", "text", "html"]).default("markdown").describe("How the page is given back"),
  mainOnly: z.boolean().default(true).describe("Only the article, without menus and footers, where one is found"),
  offset: z.int().min(0).default(0).describe("Character to begin at, to read on in a long page"),
  maxChars: z.int().min(200).max(500_000).default(50_000).describe("Most characters to give back"),
  respectsRobots,
});

const output = z.strictObject({
  url: z.string().describe("Where it came from, after redirects"),
  contentType: z.string(),
  encoding: z.string(),
  title: z.string().nullable(),
  byline: z.string().nullable(),
  siteName: z.string().nullable(),
  description: z.string().nullable(),
  language: z.string().nullable(),
  publishedAt: z.string().nullable().describe("As the page writes it"),
  isArticle: z.boolean().describe("An article was found, and only that is here"),
  content: z.string().describe("Markdown, or plain text"),
  html: htmlField.nullable().describe("Instead of the content when HTML was asked for"),
  totalChars: z.int().describe("Of the whole content"),
  nextOffset: z.int().nullable().describe("Where to read on; null at the end"),
  warnings: z.array(z.string()),
});
export type FetchOutput = z.output<typeof output>;
export type FetchWish = z.output<typeof input>;

const accept = "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/json;q=0.8,*/*;q=0.5";

/** Gets a page and lets it be read. */
export const fetchOperation = (reader: PageReader, browser: PageBrowser) =>
  defineOperation({
    title: "Read a page",
    description: "Gets a web page and gives back what is readable in it as Markdown, plain text or clean HTML.",
    effect: "read",
    isIdempotent: true,
    trust: "external",
    input,
    output,
    targets: ({ url }) => [url],
    examples: [
      { title: "An article as Markdown", input: { url: "https://example.com/" } },
      { title: "A page that its scripts write", input: { url: "https://example.com/app", via: "browser" } },
      { title: "The next part of a long page", input: { url: "https://example.com/long", offset: 50_000 } },
      {
        title: "Everything, where robots may",
        input: { url: "https://example.com/", mainOnly: false, respectsRobots: true },
      },
    ],
    async run(wish, context: OperationContext<WebFetchConfig>): Promise<FetchOutput> {
      const text = await getText({ ...wish, accept }, context, browser);
      context.signal.throwIfAborted();
      return isPage(text.type) ? reader.fetch(text, wish, context) : plainReply(text, wish);
    },
  });

/** What is readable in a page; takes long where the page is made to. */
export async function readPage(text: TextReply, wish: FetchWish): Promise<FetchOutput> {
  const document = await parsePage(text);
  const about = pageMetadata(document, text.url);
  const main = await mainPart(document, text.url, { isMainOnly: wish.mainOnly });
  const whole = await contentOf(main.root, wish.format);
  const { part, ...place } = partOf(whole, wish);
  return {
    url: text.url,
    contentType: text.type,
    encoding: text.encoding,
    title: main.title ?? about.title,
    byline: main.byline ?? about.author,
    siteName: main.siteName ?? about.siteName,
    description: about.description,
    language: main.language ?? about.language,
    publishedAt: main.publishedAt ?? about.publishedAt,
    isArticle: !main.isWhole,
    content: wish.format === "html" ? "" : part,
    html: wish.format === "html" ? part : null,
    ...place,
    warnings: text.warnings,
  };
}

async function contentOf(root: Element, format: FetchWish["format"]): Promise<string> {
  if (format === "html") return root.innerHTML;
  if (format === "markdown") return toMarkdown(root);
  for (const end of root.querySelectorAll("p, div, li, h1, h2, h3, h4, h5, h6, tr, br, pre, blockquote"))
    end.append("\n");
  return root.textContent
    .split("\n")
    .map((one) => one.replace(/\s+/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function plainReply(text: TextReply, wish: FetchWish): FetchOutput {
  const { part, ...place } = partOf(text.text, wish);
  return {
    url: text.url,
    contentType: text.type,
    encoding: text.encoding,
    title: null,
    byline: null,
    siteName: null,
    description: null,
    language: null,
    publishedAt: null,
    isArticle: false,
    content: part,
    html: null,
    ...place,
    warnings: text.warnings,
  };
}

/** Never cuts a character in two. */
function partOf(
  whole: string,
  { offset, maxChars }: FetchWish,
): { part: string; totalChars: number; nextOffset: number | null } {
  let end = Math.min(whole.length, offset + maxChars);
  if (end < whole.length && /[\ud800-\udbff]/.test(whole[end - 1] ?? "")) end -= 1;
  return { part: whole.slice(offset, end), totalChars: whole.length, nextOffset: end < whole.length ? end : null };
}
