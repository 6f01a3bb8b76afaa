import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { whole } from "../whole.ts";
import { trustTierSchema } from "./connectors.ts";

const domain = z.string().trim().min(1, "must not be empty").max(300, "must have at most 300 characters");
const domains = z.array(domain).max(1_000, "must have at most 1000 entries").default([]);

/**
 * Domains by how far they can be trusted, written as "example.com", "*.example.com" or with a port. In the two lower lists a name
 * stands for all below it too; in the two upper ones for itself alone.
 */
export const trustListsSchema = z.strictObject({
  "search-result": domains,
  external: domains,
  primary: domains,
  authoritative: domains,
});
export type TrustLists = z.output<typeof trustListsSchema>;

/** How far an address is trusted and which entry says so; `null` when none does. */
export const trustVerdictSchema = z.strictObject({ tier: trustTierSchema, rule: z.string().nullable() });
export type TrustVerdict = z.output<typeof trustVerdictSchema>;

/** Which sources are trusted how far. */
export const trustEndpoints = defineEndpoints({
  get: {
    method: "GET",
    path: "/api/trust",
    summary: "List domains by how far they are trusted",
    reply: trustListsSchema,
    audit: "none",
  },
  put: {
    method: "PUT",
    path: "/api/trust",
    summary: "Change which domains are trusted how far",
    body: whole(trustListsSchema),
    reply: trustListsSchema,
    audit: "write",
    stepUp: "allow",
  },
  check: {
    method: "POST",
    path: "/api/trust-check",
    summary: "Say how far an address is trusted",
    body: z.strictObject({
      address: z.string().trim().min(1, "must not be empty").max(2_000, "must have at most 2000 characters"),
      /** What the operation that calls it says itself. */
      tier: trustTierSchema.default("external"),
    }),
    reply: trustVerdictSchema,
    audit: "none",
  },
});
