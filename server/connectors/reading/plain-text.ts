import { tameHtml } from "./tame-html.ts";

/** HTML as the text a reader sees, on one line, at most `maxChars` long. */
export async function plainText(html: string, maxChars = 500): Promise<string> {
  const text = /[<&]/.test(html) ? await textOf(html.slice(0, 200_000)) : html;
  return shorten(text.replace(/\s+/g, " ").trim(), maxChars);
}

/** Cuts at the end of a word where there is one near, and says so with an ellipsis. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const cut = text.slice(0, maxChars - 1).replace(/\p{Surrogate}$/u, "");
  const space = cut.lastIndexOf(" ");
  return `${space > maxChars * 0.8 ? cut.slice(0, space) : cut}…`;
}

async function textOf(html: string): Promise<string> {
  const { parseHTML } = await import("linkedom");
  const limits = { maxChars: 200_000, maxElements: 2_000, maxDepth: 50 };
  // Words of neighbouring blocks must not grow together.
  const spaced = tameHtml(html, limits).html.replace(/<(?:br|\/(?:p|div|li|h[1-6]|tr|td|th|dt|dd))\b/g, " $&");
  const { document } = parseHTML(`<html><body>${spaced}</body></html>`);
  for (const data of document.querySelectorAll("script, title")) data.remove();
  return document.body.textContent;
}
