import { z } from "zod";

import { mcpRunsSchema, mcpTokenSchema, type McpToken } from "../../../contract/features/mcp.ts";

/** A token as `mcp-tokens.json` holds it: what it was made of cannot be had from its hash. */
export const tokenRecordSchema = mcpTokenSchema
  .omit({ isExpired: true })
  .extend({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
export type TokenRecord = z.output<typeof tokenRecordSchema>;

/** How `data/mcp-tokens.json` is opened. */
export const mcpFile = {
  schema: z.strictObject({ tokens: z.array(tokenRecordSchema), runs: mcpRunsSchema }),
  initial: { tokens: [], runs: mcpRunsSchema.parse({}) },
  version: 1,
  isolate: { list: "tokens", entry: tokenRecordSchema },
};
export type McpFile = z.output<typeof mcpFile.schema>;

/** A token as the API gives it. */
export function toView({ hash: _hash, ...rest }: TokenRecord, nowMs: number): McpToken {
  return { ...rest, isExpired: isExpired(rest, nowMs) };
}

export function isExpired({ expiresAt }: Pick<TokenRecord, "expiresAt">, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs;
}
