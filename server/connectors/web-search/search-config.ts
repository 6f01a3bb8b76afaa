import { z } from "zod";

import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { isLoopback } from "../../../lib/loopback.ts";

/** Who can be asked, in the order that is usual. */
export const backendNames = ["searxng", "brave", "tavily", "duckduckgo"] as const;
export type BackendName = (typeof backendNames)[number];

const address = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://search.example.com" })
  .max(1_000, "must have at most 1000 characters");
const key = z
  .string()
  .regex(/^[\x21-\x7e]*$/, "must be one word of plain characters")
  .min(8, "must have at least 8 characters")
  .max(300, "must have at most 300 characters")
  .optional();
const order = z
  .array(z.enum(backendNames))
  .min(1, "must name at least one")
  .max(backendNames.length)
  .refine((names) => new Set(names).size === names.length, "must name each one once");

/** Who is asked, in which order, and how. */
export const searchConfigSchema = z
  .strictObject({
    order: order.default([...backendNames]).meta({
      title: "Order",
      description: "Who is asked first, and who next when that fails. Who is not set up is passed over.",
    }),
    searxngUrl: address
      .optional()
      .meta({ title: "SearXNG", description: "Address of a SearXNG server. JSON must be among its search.formats." }),
    searxngIsInside: z.boolean().default(false).meta({
      title: "SearXNG is inside",
      description: "The server lies in this network, although its name looks public.",
    }),
    braveKey: key.meta({ title: "Brave key", description: "Subscription token of the Brave Search API." }),
    tavilyKey: key.meta({ title: "Tavily key", description: "API key of Tavily." }),
    language: z
      .string()
      .regex(/^(?:[a-z]{2,3}(?:-[A-Z]{2})?)?$/, "must be a language such as de or en-US")
      .default("")
      .meta({ title: "Language", description: "Of the results, unless a search says otherwise; any when empty." }),
    safeSearch: z
      .enum(["off", "moderate", "strict"])
      .default("moderate")
      .meta({ title: "Safe search", description: "How much is left out that is not for everybody." }),
    waitMs: z
      .int()
      .min(1_000)
      .max(30_000)
      .default(10_000)
      .meta({ title: "Patience", description: "Who has not answered within so many milliseconds has failed." }),
    userAgent: z
      .string()
      .trim()
      .regex(/^[\x20-\x7e]+$/, "must be plain characters on one line")
      .max(300)
      .default("Mozilla/5.0 (compatible; PortOS)")
      .meta({ title: "Name", description: "How this program names itself." }),
    braveUrl: address
      .default("https://api.search.brave.com")
      .meta({ title: "Brave's address", description: "Another one for a proxy of your own." }),
    tavilyUrl: address
      .default("https://api.tavily.com")
      .meta({ title: "Tavily's address", description: "Another one for a proxy of your own." }),
    duckduckgoUrl: address
      .default("https://html.duckduckgo.com")
      .meta({ title: "DuckDuckGo's address", description: "Another one for a proxy of your own." }),
  })
  .superRefine((config, context) => {
    const say = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    if (config.braveKey !== undefined && !isPrivate(config.braveUrl))
      say("braveUrl", "must begin with https, because a key is sent there");
    if (config.tavilyKey !== undefined && !isPrivate(config.tavilyUrl))
      say("tavilyUrl", "must begin with https, because a key is sent there");
    const isUsable = config.order.some((name) => gapOf(name, config) === null);
    if (!isUsable) say("order", "names nobody who is set up");
  });
export type SearchConfig = z.output<typeof searchConfigSchema>;

/** Nobody on the way can read along. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

/** What is missing before it can be asked; `null` when nothing is. */
export function gapOf(
  name: BackendName,
  { searxngUrl, braveKey, tavilyKey }: Pick<SearchConfig, "searxngUrl" | "braveKey" | "tavilyKey">,
): string | null {
  if (name === "searxng" && searxngUrl === undefined) return "its address is not set";
  if (name === "brave" && braveKey === undefined) return "its key is not set";
  if (name === "tavily" && tavilyKey === undefined) return "its key is not set";
  return null;
}

/** Where it is asked; without a stroke at the end. */
export function addressOf(name: BackendName, config: SearchConfig): string {
  const { searxngUrl = "", braveUrl, tavilyUrl, duckduckgoUrl } = config;
  const url = { searxng: searxngUrl, brave: braveUrl, tavily: tavilyUrl, duckduckgo: duckduckgoUrl }[name];
  return url.replace(/\/+$/, "");
}

/** What the configuration names: there any port is right, and a place inside. */
export function placesOf(config: SearchConfig): GuardTarget[] {
  return config.order
    .filter((name) => gapOf(name, config) === null)
    .map((name) => ({
      address: new URL(addressOf(name, config)).origin,
      isInside: name === "searxng" && config.searxngIsInside,
    }));
}
