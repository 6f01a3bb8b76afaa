import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

import { GatewayError } from "../../framework/gateway-error.ts";
import { startLineChild, type LineChild, type LineChildOptions } from "../child/line-child.ts";

/** A conversation over the pipes of a program of ours. */
export interface ProgramTransport extends Transport {
  child(): LineChild | null;
}

/** Starts the program when the conversation begins, and ends it with everything it has started when that ends. */
export function createProgramTransport(options: Omit<LineChildOptions, "onMessage" | "onEnd">): ProgramTransport {
  let child: LineChild | null = null;
  const transport: ProgramTransport = {
    child: () => child,
    start() {
      child = startLineChild({
        ...options,
        onMessage(message) {
          // The library looks at it: anything that is no message of the protocol is an error of this conversation alone.
          transport.onmessage?.(message as JSONRPCMessage);
        },
        onEnd() {
          transport.onclose?.();
        },
      });
      return Promise.resolve();
    },
    send(message) {
      const end = child?.ended();
      if (child === null || end) {
        const how = end ? `: it ${end.reason}` : "";
        return Promise.reject(
          new GatewayError("upstream_failed", `The program is not there any more${how}`, {
            hint: "Look into the log of portos-server for what it wrote, then try again.",
          }),
        );
      }
      child.send(message);
      return Promise.resolve();
    },
    async close() {
      await child?.end();
    },
  };
  return transport;
}
