import { z } from "zod";

/** How feeds are asked for. */
export const rssConfigSchema = z.strictObject({
  userAgent: z
    .string()
    .trim()
    .regex(/^[\x20-\x7e]*$/, "must be plain characters on one line")
    .min(1, "must not be empty")
    .max(300, "must have at most 300 characters")
    .default("Mozilla/5.0 (compatible; PortOS feeds)")
    .describe("How this program names itself to sites"),
  maxFeedBytes: z.int().min(10_000).max(20_000_000).default(8_000_000).describe("Larger feeds are refused, in bytes"),
  restMinutes: z
    .int()
    .min(0)
    .max(1_440)
    .default(5)
    .describe("A followed feed is not asked again within so many minutes, longer if it says so itself"),
});
export type RssConfig = z.output<typeof rssConfigSchema>;

/** The address of a feed or a page. */
export const feedUrl = z
  .url({ protocol: /^https?$/, error: "must be an address such as https://example.com/feed.xml" })
  .max(4_000, "must have at most 4000 characters");

/** Whether whole contents are wanted. */
export const withHtml = z.boolean().default(false).describe("Give back the whole content of entries, too");

/** What sets the most bytes of a feed, as the form calls it. */
export const feedLimit = '"Max feed bytes" in the configuration of Feeds';
