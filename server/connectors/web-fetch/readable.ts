import { baseOf } from "../reading/page.ts";
import { tidyLinks } from "./to-markdown.ts";

/** The part of a page that people came for. */
export interface MainPart {
  root: Element;
  title: string | null;
  byline: string | null;
  siteName: string | null;
  publishedAt: string | null;
  language: string | null;
  /** No article was found: it is the whole body. */
  isWhole: boolean;
}

/** Finds the article of a page, or takes its whole body; the document is used up by it. */
export async function mainPart(
  document: Document,
  url: string,
  { isMainOnly }: { isMainOnly: boolean },
): Promise<MainPart> {
  const base = baseOf(document, url);
  const article = isMainOnly ? await readArticle(document) : null;
  const root = article?.content ?? document.body;
  tidyLinks(root, base);
  return {
    root,
    title: article?.title ?? null,
    byline: article?.byline ?? null,
    siteName: article?.siteName ?? null,
    publishedAt: article?.publishedTime ?? null,
    language: article?.lang ?? null,
    isWhole: article === null,
  };
}

async function readArticle(document: Document) {
  const { Readability } = await import("@mozilla/readability");
  const copy = document.cloneNode(true) as Document;
  const article = new Readability<Element>(copy, { serializer: (node) => node as Element, charThreshold: 200 }).parse();
  const { content } = article ?? {};
  return article && content && content.textContent.trim() !== "" ? { ...article, content } : null;
}
