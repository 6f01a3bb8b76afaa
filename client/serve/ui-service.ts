import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import type { Env } from "../../lib/env.ts";
import { createFollowedGate, type FollowedGateOptions } from "../../lib/followed-gate.ts";
import { refuseUpgrade } from "../../lib/gate-answer.ts";
import { createHttpService } from "../../lib/http-service.ts";
import type { Logger } from "../../lib/logger.ts";
import type { Service } from "../../lib/service-main.ts";
import { createStaticFiles } from "../../lib/static-files.ts";
import { createApiProxy } from "./api-proxy.ts";

export interface UiServiceOptions {
  env: Env;
  logger: Logger;
  /** Replaced in tests. */
  machine?: FollowedGateOptions["machine"];
  /** Replaced in tests. */
  tailscale?: FollowedGateOptions["tailscale"];
}

/** portos-ui: the built page, and the way to portos-server for its API and sockets. The gate judges before either. */
export function createUiService(options: UiServiceOptions): Service & { start(): Promise<void> } {
  const { env, logger } = options;
  const followed = createFollowedGate({ process: "portos-ui", ports: [env.ports.ui], ...options });
  const { gate } = followed;
  const proxy = createApiProxy({ host: env.apiHost, port: env.ports.server, logger });
  const files = createStaticFiles({ root: join(env.rootDir, "dist/client") });
  const service = createHttpService({
    name: "portos-ui",
    host: env.host,
    port: env.ports.ui,
    gate,
    logger,
    endpoints: [],
    fallback: (request, response) => {
      if (!proxy.isForApi(request.url)) return files(request, response);
      proxy.forward(request, response);
      return true;
    },
  });
  service.server.on("upgrade", (request, socket, head: Buffer) => {
    if (proxy.isForApi(request.url)) void upgrade(request, socket, head);
    else socket.destroy();
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.once("error", () => socket.destroy());
    const verdict = await gate.judgeCaller(request);
    if (socket.destroyed) return;
    if (!verdict.ok) {
      refuseUpgrade(socket, verdict);
      return;
    }
    const release = gate.hold(request, () => socket.destroy());
    socket.once("close", release);
    proxy.upgrade(request, socket, head);
  }

  return {
    async start() {
      await followed.start();
      await service.start();
    },
    async stop() {
      proxy.close();
      await service.stop();
      await followed.stop();
    },
  };
}
