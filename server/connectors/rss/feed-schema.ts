import { z } from "zod";

import { htmlField } from "../framework/html-field.ts";

/** One entry of a feed, whatever its format. */
export const feedItemSchema = z.strictObject({
  id: z.string().describe("The same each time the feed is read"),
  title: z.string(),
  url: z.string().nullable(),
  summary: z.string().describe("Plain text, shortened"),
  html: htmlField.nullable().describe("The whole content when it was asked for"),
  publishedAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime().nullable(),
  authors: z.array(z.string()),
  categories: z.array(z.string()),
  attachments: z.array(z.strictObject({ url: z.string(), type: z.string().nullable(), bytes: z.int().nullable() })),
});
export type FeedItem = z.output<typeof feedItemSchema>;

/** What a feed says of itself. */
export const feedAboutSchema = z.strictObject({
  format: z.enum(["rss", "atom", "rdf", "json"]),
  title: z.string().nullable(),
  description: z.string().nullable(),
  siteUrl: z.string().nullable(),
  language: z.string().nullable(),
});
export type FeedAbout = z.output<typeof feedAboutSchema>;
