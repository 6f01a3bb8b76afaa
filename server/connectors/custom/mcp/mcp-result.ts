import { z } from "zod";

import { GatewayError } from "../../framework/gateway-error.ts";

/** What a call of a tool comes to. */
export const mcpOutputSchema = z.object({
  /** Everything it says, in its order. */
  text: z.string(),
  /** The same as data, where the server gives it. */
  structured: z.unknown().optional(),
  /** Pictures, sounds, files and links to them, as the server sends them. */
  parts: z.array(z.record(z.string(), z.unknown())),
});
export type McpOutput = z.output<typeof mcpOutputSchema>;

const resultSchema = z.object({
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().default(false),
});

/** A result as output of an operation. Throws for one that says it failed, and for one that is too large. */
export function outputOf(result: unknown, about: { title: string; maxBytes: number }): McpOutput {
  const { content, structuredContent, isError } = resultSchema.parse(result);
  const text = content
    .map(textOf)
    .filter((part) => part !== null)
    .join("\n\n");
  if (isError)
    throw new GatewayError("upstream_failed", `${about.title} failed: ${text.slice(0, 500) || "it does not say why"}`, {
      hint: "Look at what it says, correct the arguments, and call again.",
      isFinal: true,
    });
  const parts = content.filter((part) => part.type !== "text");
  const output = { text, parts, ...(structuredContent === undefined ? {} : { structured: structuredContent }) };
  const size = Buffer.byteLength(JSON.stringify(output));
  if (size > about.maxBytes)
    throw new GatewayError("too_large", `The reply has ${size} bytes, and ${about.maxBytes} are allowed`, {
      hint: "Ask for less, or raise the limit in the policy.",
      isFinal: true,
    });
  return output;
}

function textOf(part: { type: string; [name: string]: unknown }): string | null {
  if (part.type === "text" && typeof part["text"] === "string") return part["text"];
  const { resource } = part;
  if (part.type !== "resource" || typeof resource !== "object" || resource === null) return null;
  return "text" in resource && typeof resource.text === "string" ? resource.text : null;
}
