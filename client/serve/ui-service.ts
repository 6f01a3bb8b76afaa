import { join } from "node:path";

import type { Env } from "../../lib/env.ts";
import { createGate, type GateOptions } from "../../lib/gate.ts";
import { createHttpService } from "../../lib/http-service.ts";
import type { Logger } from "../../lib/logger.ts";
import type { Service } from "../../lib/service-main.ts";
import { createStaticFiles } from "../../lib/static-files.ts";
import { createApiProxy } from "./api-proxy.ts";

export interface UiServiceOptions {
  env: Env;
  logger: Logger;
  /** Replaced in tests. */
  machine?: GateOptions["machine"];
}

/** portos-ui: the built page, and the way to portos-server for its API and sockets. The gate judges before either. */
export function createUiService({ env, logger, machine }: UiServiceOptions): Service & { start(): Promise<void> } {
  const gate = createGate({ peers: "tailnet", ports: [env.ports.ui], env, logger, ...(machine ? { machine } : {}) });
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
    if (proxy.isForApi(request.url) && gate.judge(request).ok) proxy.upgrade(request, socket, head);
    else socket.destroy();
  });

  return {
    async start() {
      await gate.refresh();
      await service.start();
    },
    async stop() {
      proxy.close();
      await service.stop();
    },
  };
}
