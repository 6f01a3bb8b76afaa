import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

import { autofixerEndpoints } from "../../contract/internal/autofixer.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { createFollowedGate, type FollowedGateOptions } from "../../lib/followed-gate.ts";
import { bind, createHttpService } from "../../lib/http-service.ts";
import { createInternalClient } from "../../lib/internal-client.ts";
import { createKnownSecrets } from "../../lib/known-secrets.ts";
import type { Logger } from "../../lib/logger.ts";
import { createLogTail } from "../log-tail.ts";
import { createProcessControl, type ProcessControl } from "../process-control.ts";
import { openHomes } from "../open-homes.ts";

/** The autofixer answers within this, or the page asks PM2 itself. */
const patienceMs = 2_000;
/** PM2 waits for a process to end before it answers. */
const actPatienceMs = 45_000;

const pageFiles = [
  { path: "/", file: "index.html", type: "text/html; charset=utf-8" },
  { path: "/style.css", file: "style.css", type: "text/css; charset=utf-8" },
  { path: "/app.mjs", file: "app.mjs", type: "text/javascript; charset=utf-8" },
  { path: "/icon.svg", file: "icon.svg", type: "image/svg+xml" },
];

const pageHeaders = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  "Cache-Control": "no-cache",
};

/** Builds portos-autofixer-ui: one small page, and the way from it to the autofixer or, when that is gone, to PM2. */
export async function createAutofixerUi(
  options: { env: Env; logger: Logger } & Pick<FollowedGateOptions, "machine" | "tailscale">,
) {
  const { env, logger } = options;
  const homes = openHomes(env, logger);
  const logTail = createLogTail(createKnownSecrets({ env, logger }));
  const control = createProcessControl({ homes, ownPid: process.pid, logTail });
  const { ports } = env;
  const followed = createFollowedGate({ process: "portos-autofixer-ui", ports: [ports.autofixerUi], ...options });
  const { gate } = followed;
  await followed.start();
  const listener = createHttpService({
    name: "portos-autofixer-ui",
    host: env.host,
    port: ports.autofixerUi,
    gate,
    logger,
    endpoints: bindPage(control, `http://127.0.0.1:${ports.autofixer}`),
    fallback: createPage(env),
  });
  return {
    listener,
    start: () => listener.start(),
    async stop(): Promise<void> {
      await listener.stop();
      await followed.stop();
      homes.portos.close();
      homes.user?.close();
    },
  };
}

/** Serves the page from memory. */
function createPage(env: Env): (request: IncomingMessage, response: ServerResponse) => boolean {
  const folder = join(env.rootDir, "autofixer/ui/page");
  const files = new Map(
    pageFiles.map(({ path, file, type }) => {
      const text = readFileSync(join(folder, file), "utf8").replace("{panelPort}", String(env.ports.server));
      return [path, { type, bytes: Buffer.from(text) }];
    }),
  );
  return (request, response) => {
    const found = files.get(request.url?.split(/[?#]/, 1)[0] ?? "");
    if (!found || (request.method !== "GET" && request.method !== "HEAD")) return false;
    response.writeHead(200, { ...pageHeaders, "Content-Type": found.type, "Content-Length": found.bytes.length });
    response.end(request.method === "HEAD" ? undefined : found.bytes);
    return true;
  };
}

function bindPage(control: ProcessControl, baseUrl: string) {
  const autofixer = createInternalClient(autofixerEndpoints, {
    baseUrl,
    name: "portos-autofixer",
    timeoutMs: patienceMs,
  });
  return bind(
    "autofixer",
    autofixerEndpoints,
  )({
    processes: () => orElse(autofixer.processes({}), () => control.overview(false)),
    log: ({ params, query }) =>
      orElse(autofixer.log({ params, query }), () => control.log(params.home, params.pmId, query.lines)),
    // Asked of PM2 directly: it makes no difference, and the autofixer itself may be the one to be restarted.
    act: ({ params, body }) => control.act(params.home, params.pmId, body.name, params.action),
    incidents: ({ query }) => autofixer.incidents({ query }),
    incident: ({ params }) => autofixer.incident({ params }),
    dismiss: ({ params }) => autofixer.dismiss({ params }),
    retry: ({ params }) => autofixer.retry({ params }, { timeoutMs: actPatienceMs }),
    changes: ({ query }, { signal }) => autofixer.changes({ query }, { signal, timeoutMs: query.waitMs + patienceMs }),
  });
}

/** What the autofixer answers, or, when it is gone or hangs, what `otherwise` finds. */
async function orElse<T>(answer: Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError && (error.code === "unavailable" || error.code === "timeout")) return otherwise();
    throw error;
  }
}
