import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { connectorIdSchema, connectorStatusSchema } from "./connectors.ts";
import { signInOfferSchema } from "./mcp-connectors.ts";

const params = z.strictObject({ id: connectorIdSchema });

/** Signing in to MCP servers on their own pages. */
export const mcpSignInEndpoints = defineEndpoints({
  look: {
    method: "POST",
    path: "/api/mcp-connectors/:id/sign-in/look",
    summary: "Look where one signs in to an MCP server",
    params,
    reply: signInOfferSchema.extend({
      /** Where its page sends the user back to; has to be registered there by whoever enters a client id. */
      redirectUri: z.string(),
    }),
    audit: "write",
  },
  begin: {
    method: "POST",
    path: "/api/mcp-connectors/:id/sign-in",
    summary: "Begin to sign in to an MCP server",
    params,
    /** The hosts the user has seen: another `mark` is refused. */
    body: z.strictObject({ mark: signInOfferSchema.shape.mark }),
    reply: z.strictObject({
      /** Page to open; the way back counts once, until `until`. */
      url: z.string(),
      until: z.iso.datetime(),
    }),
    audit: "write",
    stepUp: "secret",
  },
  callback: {
    method: "GET",
    path: "/api/mcp-connectors/:id/sign-in/callback",
    summary: "Come back from the page of an MCP server's sign-in",
    params,
    query: z.looseObject({}),
    reply: { raw: "text/html" },
    audit: "none",
  },
  signOut: {
    method: "POST",
    path: "/api/mcp-connectors/:id/sign-out",
    summary: "Sign out of an MCP server",
    params,
    reply: z.strictObject({
      connector: connectorStatusSchema,
      /** Whether the other side was told; `none` where it cannot be, or nothing was there. */
      told: z.enum(["done", "failed", "none"]),
    }),
    audit: "write",
    stepUp: "secret",
  },
});
