import { z } from "zod";

const line = z
  .string()
  .trim()
  .regex(/^[\x20-\x7e]*$/, "must be plain characters on one line");

/** How pages are asked for. */
export const webFetchConfigSchema = z.strictObject({
  userAgent: line
    .min(1, "must not be empty")
    .max(300, "must have at most 300 characters")
    .default("Mozilla/5.0 (compatible; PortOS)")
    .describe("How this program names itself to sites"),
  robotsName: line
    .regex(/^[A-Za-z_-]+$/, "must be letters, hyphens and underscores")
    .max(60, "must have at most 60 characters")
    .default("PortOS")
    .describe("The name looked for in robots.txt"),
  alwaysRespectsRobots: z
    .boolean()
    .default(false)
    .describe("Asks robots.txt of each site, also when the call does not"),
  languages: line
    .max(100, "must have at most 100 characters")
    .default("")
    .describe("Languages pages are asked for in, such as: de, en;q=0.8"),
  maxPageBytes: z
    .int()
    .min(10_000)
    .max(20_000_000)
    .default(5_000_000)
    .describe("Larger pages are refused by fetch and extract, in bytes"),
  browserSeconds: z
    .int()
    .min(2)
    .max(120)
    .default(20)
    .describe("Longest time a page may take in the browser, in seconds; the policy's time holds, too"),
});
export type WebFetchConfig = z.output<typeof webFetchConfigSchema>;

/** The address of a page. */
export const pageUrl = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://example.com/page" })
  .max(4_000, "must have at most 4000 characters")
  .describe("Address of the page");

export const respectsRobots = z.boolean().default(false).describe("Ask the site's robots.txt first and respect it");

const ways = ["http", "browser"] as const;
export type PageWay = (typeof ways)[number];

export const pageWay = z.enum(ways).default("http").meta({
  title: "How it is got",
  description:
    "http: as the server sends it, quick. browser: opened in Chrome, without your cookies, until its scripts have run; for pages that are empty otherwise",
});
