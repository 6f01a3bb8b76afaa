import { z } from "zod";

import { backendNames } from "./search-config.ts";

/** What is looked for. */
export const searchInput = z.strictObject({
  query: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(500, "must have at most 500 characters")
    .describe("Words to look for"),
  count: z.int().min(1).max(20).default(10).describe("Most results to give back"),
  page: z.int().min(1).max(10).default(1).describe("2 for the results behind the first ones, and so on"),
  freshness: z.enum(["day", "week", "month", "year"]).optional().describe("Only what is not older"),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(?:-[A-Z]{2})?$/, "must be a language such as de or en-US")
    .optional()
    .describe("Of the results, such as de or en-US"),
  backend: z.enum(backendNames).optional().describe("Ask only this one"),
});
export type SearchWish = z.output<typeof searchInput>;

const resultSchema = z.strictObject({
  title: z.string(),
  url: z.string(),
  snippet: z.string().describe("Plain text"),
  source: z.enum(backendNames),
  publishedAt: z.iso.datetime().nullable(),
});
/** One result, whoever found it. */
export type SearchResult = z.output<typeof resultSchema>;

export const searchOutput = z.strictObject({
  query: z.string(),
  backend: z.enum(backendNames).describe("Who answered"),
  results: z.array(resultSchema),
  failed: z
    .array(z.strictObject({ backend: z.enum(backendNames), reason: z.string() }))
    .describe("Who was asked before, and why that was in vain"),
});
