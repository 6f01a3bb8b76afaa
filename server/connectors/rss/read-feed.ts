import type { parseAtomFeed, parseJsonFeed, parseRdfFeed, parseRssFeed } from "feedsmith";

import { GatewayError } from "../framework/gateway-error.ts";
import { decodeText } from "../reading/decode-text.ts";
import { tameFeed } from "./tame-feed.ts";
import { tameJsonFeed } from "./tame-json-feed.ts";

/** A feed in the words of its format. */
export type ParsedFeed =
  | { format: "rss"; feed: ReturnType<typeof parseRssFeed<string>> }
  | { format: "atom"; feed: ReturnType<typeof parseAtomFeed<string>> }
  | { format: "rdf"; feed: ReturnType<typeof parseRdfFeed<string>> }
  | { format: "json"; feed: ReturnType<typeof parseJsonFeed<string>> };

/** What was read, and what was wrong with it. */
export interface ReadFeed {
  parsed: ParsedFeed;
  warnings: string[];
}

const broken = "The feed is broken; what could be read of it is here.";
const torn = "The feed ends in the middle; only what came before is here.";
const cut = "The feed is very long; only its first entries, or the beginning of a long text, are here.";

/** Reads the bytes of a feed; of a broken one what can be read. Throws `reply_invalid` for what is no feed at all. */
export async function readFeed(bytes: Uint8Array, contentType: string): Promise<ReadFeed> {
  const { text, encoding, isDamaged, isMislabelled } = decodeText(bytes, contentType);
  const warnings: string[] = [];
  if (isMislabelled) warnings.push(`The feed names a wrong encoding; it was read as ${encoding}.`);
  if (isDamaged) warnings.push(`Some bytes are no ${encoding} and could not be read.`);
  const library = await import("feedsmith");
  try {
    const parsed = /^[\s\ufeff]{0,1000}\{/.test(text)
      ? parseJson(text, warnings, library)
      : parseXml(text, warnings, library);
    if (parsed) return { parsed, warnings };
  } catch (error) {
    throw noFeed(text, error); // the library cannot make sense of what is well-formed
  }
  throw noFeed(text);
}

type Library = typeof import("feedsmith");

function parseXml(text: string, warnings: string[], library: Library): ParsedFeed | null {
  const tamed = tameFeed(text.replace(/(?![\t\n\r])\p{Cc}/gu, ""));
  if (!tamed) return null;
  const { root, xml, isMended, isTorn, isCut, hasEntities } = tamed;
  if (hasEntities) warnings.push("The feed declares entities of its own; they were left out.");
  if (isTorn) warnings.push(torn);
  else if (isMended) warnings.push(broken);
  if (isCut) warnings.push(cut);
  if (root === "feed") return { format: "atom", feed: library.parseAtomFeed(xml) };
  if (root === "rdf") return { format: "rdf", feed: library.parseRdfFeed(xml) };
  return { format: "rss", feed: library.parseRssFeed(xml) };
}

function parseJson(text: string, warnings: string[], library: Library): ParsedFeed | null {
  const tamed = tameJsonFeed(text.replace(/^\ufeff/, ""));
  if (!tamed) return null;
  if (tamed.isMended) warnings.push(broken);
  if (tamed.isCut) warnings.push(cut);
  return { format: "json", feed: library.parseJsonFeed(tamed.value) };
}

function noFeed(text: string, cause?: unknown): GatewayError {
  const isPage = /<html[\s>]|<!doctype\s+html/i.test(text.slice(0, 5_000));
  return new GatewayError(
    "reply_invalid",
    isPage ? "At this address is a web page, no feed" : "There is no feed at this address",
    { hint: "Use discover to find the feeds of a page.", isFinal: true, cause },
  );
}
