import type { ConnectorReply } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { decodeText } from "./decode-text.ts";
import { tameHtml } from "./tame-html.ts";

/** A reply that is text, decoded. */
export interface TextReply {
  url: string;
  /** Without parameters, in lower case: "text/html". */
  type: string;
  encoding: string;
  text: string;
  warnings: string[];
}

/** Reads a reply as text. Throws `reply_invalid` for what is no text. */
export function readText(reply: ConnectorReply): TextReply {
  const header = reply.headers["content-type"] ?? "";
  const declared = (header.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (!isTextType(declared) || looksBinary(reply.bytes))
    throw new GatewayError(
      "reply_invalid",
      `There is no text at this address, but ${declared || "something unnamed"}`,
      {
        hint: "Use download for files that are no pages.",
        isFinal: true,
      },
    );
  const { text, encoding, isDamaged, isMislabelled } = decodeText(reply.bytes, header);
  const warnings: string[] = [];
  if (isMislabelled) warnings.push(`The page names a wrong encoding; it was read as ${encoding}.`);
  if (isDamaged) warnings.push(`Some bytes are no ${encoding} and could not be read.`);
  const isNamed = declared !== "" && declared !== "application/octet-stream";
  return { url: reply.url, type: isNamed ? declared : guessType(text), encoding, text, warnings };
}

function isTextType(type: string): boolean {
  return (
    type === "" ||
    type === "application/octet-stream" ||
    type.startsWith("text/") ||
    /[/+](?:xml|json|yaml|x-yaml|javascript|x-javascript|ecmascript|toml|x-ndjson|x-sh|sql|graphql)$/.test(type)
  );
}

/** Zero bytes are in no text but UTF-16, which begins with a mark or with "<?". */
function looksBinary(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 1_024);
  const isMarked = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  const isXml = (start[0] === 0x3c && start[1] === 0) || (start[0] === 0 && start[1] === 0x3c);
  return !isMarked && !isXml && start.includes(0);
}

function guessType(text: string): string {
  return /^\s*(?:<!--[^>]{0,200}-->\s*)?<(?:!doctype\s+html|html|head|body)\b/i.test(text.slice(0, 1_000))
    ? "text/html"
    : "text/plain";
}

/** Whether a text of this type is a page. */
export function isPage(type: string): boolean {
  return type === "text/html" || type === "application/xhtml+xml";
}

/** A page as a document, small enough to be worked on; scripts and styles are not in it. */
export async function parsePage({ text, warnings }: TextReply): Promise<Document> {
  const { html, isCut } = tameHtml(text);
  if (isCut) warnings.push("The page is so large or so deeply nested that a part of it was left out.");
  const { parseHTML } = await import("linkedom");
  const hasRoot = /^\s*<html\b/i.test(html);
  return parseHTML(hasRoot ? html : `<html><head></head><body>${html}</body></html>`).document;
}

/** An address as the page means it; `null` for what leads to no page, such as `javascript:`. */
export function resolveLink(href: string, base: string): string | null {
  if (!URL.canParse(href, base)) return null;
  const url = new URL(href, base);
  return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}

/** Where relative addresses of the page start from. */
export function baseOf(document: Document, url: string): string {
  const href = document.querySelector("base[href]")?.getAttribute("href");
  const base = href === null || href === undefined ? null : resolveLink(href, url);
  return base?.startsWith("http") === true ? base : url;
}
