import type { Socket } from "node:net";

import { guardedDial } from "../../../lib/guarded-http/guarded-dial.ts";
import { targetVerdict } from "../../../lib/guarded-http/repeat-advice.ts";
import { circuitError, type ConnectorHttpOptions } from "./connector-http.ts";
import type { DialTarget } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";
import { toGatewayError } from "./to-gateway-error.ts";

/** Connections of one call that speak a protocol of their own. */
export interface ConnectorDial {
  dial(target: DialTarget): Promise<Socket>;
  /** Closes what is still open: no connection outlives its call. Resolves when all that went over them is counted. */
  close(): Promise<void>;
}

const longestConnectMs = 30_000;

/** Opens connections through the guard, traced, and kept from targets that fail again and again. */
export function createConnectorDial(
  options: Pick<ConnectorHttpOptions, "guard" | "clock" | "deadline" | "signal" | "breaker" | "trace">,
): ConnectorDial {
  const { guard, clock, deadline, signal, breaker, trace } = options;
  const sockets = new Set<Socket>();
  let isClosed = false;
  const hasEnded = (): boolean => isClosed;
  return {
    async dial({ host, port, tls = "none" }) {
      if (hasEnded()) throw endedError();
      const pass = breaker.admit(`tcp://${host}:${port}`);
      if (!pass.ok) throw circuitError(pass.state, clock.now());
      try {
        const timeoutMs = Math.max(1, Math.min(longestConnectMs, Math.ceil(deadline - clock.monotonic())));
        const isSecure = tls === "implicit";
        const socket = await guardedDial({ host, port, isSecure, guard, timeoutMs, signal, trace: trace.begin() });
        pass.succeeded();
        if (hasEnded()) {
          await closed(socket);
          throw endedError();
        }
        sockets.add(socket);
        return socket;
      } catch (error) {
        const verdict = targetVerdict({ ok: false, error });
        if (verdict?.isGood === false) pass.failed(verdict.reason);
        else pass.dropped();
        throw toGatewayError(error);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([...sockets].map(closed));
      sockets.clear();
    },
  };
}

/** A library may try again although nobody waits any more. */
function endedError(): GatewayError {
  const hint = "Call again if it is still wanted.";
  return new GatewayError("cancelled", "The call has ended", { hint, isFinal: true });
}

function closed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("error", () => undefined); // nobody uses it any more
    socket.once("close", () => {
      resolve();
    });
    socket.destroy();
  });
}
