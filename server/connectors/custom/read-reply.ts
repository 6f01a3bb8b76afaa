import { z } from "zod";

import type { CustomOperation } from "../../../contract/features/custom-connectors.ts";
import { searchJson } from "../../../lib/search-json.ts";
import type { ConnectorReply, OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";

type Context = Pick<OperationContext<unknown>, "note">;

/**
 * What is wanted of the reply to a declared request. What was taken by the other side is done, whether or not its reply can be read:
 * then that is a note, so that nothing is sent a second time for it.
 */
export async function readReply(
  ask: () => Promise<ConnectorReply>,
  operation: CustomOperation,
  context: Context,
): Promise<unknown> {
  const isDone = (error: unknown): error is GatewayError =>
    operation.effect !== "read" && error instanceof GatewayError && error.answered !== null && error.answered < 400;
  let reply: ConnectorReply | null = null;
  try {
    reply = await ask();
    return read(reply, operation, context);
  } catch (error) {
    if (!isDone(error)) throw error;
    context.note("reply_unreadable", `The other side has taken it (${error.answered}); its reply: ${error.message}`);
    return reply === null ? null : reply.text();
  }
}

function read(reply: ConnectorReply, { output, body }: CustomOperation, context: Context): unknown {
  if (output.as === "text") return reply.text();
  const json = reply.bytes.length === 0 ? null : reply.json();
  const value = body.kind === "graphql" ? graphqlData(json, reply.status, context) : json;
  if (output.pick === null) return value;
  try {
    return searchJson(output.pick, value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GatewayError("reply_invalid", `What is wanted of the reply cannot be taken from it: ${why}`, {
      hint: "Look at the reply without the expression, then correct it.",
      cause: error,
      isFinal: true,
      answered: reply.status,
    });
  }
}

const graphqlReply = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** A reply of 200 may still hold nothing but errors. */
function graphqlData(json: unknown, answered: number, { note }: Context): unknown {
  const parsed = graphqlReply.safeParse(json ?? {});
  if (!parsed.success)
    throw new GatewayError("reply_invalid", "The other side answered with something that is no reply of GraphQL", {
      hint: "Check the address in the configuration.",
      isFinal: true,
      answered,
    });
  const { data = null, errors = [] } = parsed.data;
  const said = errors.map(({ message }) => message.slice(0, 300)).slice(0, 5);
  if (data === null && said.length > 0)
    throw new GatewayError("upstream_failed", `The other side answered with errors: ${said.join("; ")}`, {
      hint: "Check the query and its variables.",
      isFinal: true,
    });
  if (said.length > 0) note("partial", `A part is missing: ${said.join("; ")}`);
  return data;
}
