import { z } from "zod";

import { redact } from "../../../lib/redact.ts";
import { retryAfterTime } from "../../../lib/retry-after.ts";
import { cleanLine } from "../framework/clean-input.ts";
import type { ConnectorReply, ConnectorRequest } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import type { MonitoringContext } from "./monitoring-schema.ts";

/** The places where these systems put what is wrong. */
const problem = z.union([
  z.object({ error: z.string(), errorType: z.string().optional() }),
  z.object({ errors: z.array(z.union([z.string(), z.object({ message: z.string() })])).min(1) }),
]);

/** Sends a request and reads its reply as declared. Throws what the system says when it refuses. */
export async function ask<Schema extends z.ZodType>(
  title: string,
  schema: Schema,
  request: ConnectorRequest,
  { http, clock }: MonitoringContext,
): Promise<z.output<Schema>> {
  const reply = await http.request({ maxRedirects: 0, ...request });
  if (reply.status >= 300) throw refusal(title, reply, clock.now());
  const body = reply.text().trim() === "" ? {} : reply.json();
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new GatewayError("reply_invalid", `${title} answered otherwise than it is documented`, {
    hint: "Check the address in the configuration; look for a newer version of PortOS.",
    cause: parsed.error,
    isFinal: true,
  });
}

function refusal(title: string, reply: ConnectorReply, nowMs: number): GatewayError {
  const { status, headers } = reply;
  const at = retryAfterTime(headers, nowMs);
  return new GatewayError("upstream_failed", `${title} answered ${status}: ${said(reply)}`, {
    hint: hintOf(status),
    isFinal: status < 500 && ![408, 425, 429].includes(status),
    askedMs: at === null ? null : Math.max(0, at - nowMs),
  });
}

function said(reply: ConnectorReply): string {
  const text = reply.text().slice(0, 4_000);
  return line(problemIn(text) ?? text) || "nothing more";
}

function problemIn(text: string): string | null {
  try {
    const parsed = problem.safeParse(JSON.parse(text));
    return parsed.success ? wordsOf(parsed.data) : null;
  } catch {
    return null; // no JSON: it is told as it is
  }
}

function wordsOf(found: z.output<typeof problem>): string {
  if ("error" in found) return found.error;
  return found.errors.map((one) => (typeof one === "string" ? one : one.message)).join("; ");
}

function line(text: string): string {
  return cleanLine(redact(text)).slice(0, 300);
}

/** A refusal that came with a good status. */
export function refused(title: string, words: readonly string[]): GatewayError {
  return new GatewayError("upstream_failed", `${title} refuses it: ${line(words.join("; "))}`, {
    hint: "Correct the query or the configuration.",
    isFinal: true,
  });
}

function hintOf(status: number): string {
  if (status === 401 || status === 403) return "Check the keys in the configuration, and what they allow.";
  if (status === 404) return "Check the address in the configuration.";
  if (status === 429) return "It asks for fewer calls; try again later.";
  if (status < 500) return "Correct the query or the arguments.";
  return "The other side has a problem; try again later.";
}
