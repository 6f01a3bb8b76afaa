import { join } from "node:path";

import { browserProcessEndpoints } from "../../../contract/internal/browser.ts";
import { createCdpHttp } from "../../../lib/chrome/cdp-http.ts";
import type { Env } from "../../../lib/env.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import { createPageBrowser } from "../../connectors/web-fetch/browser/page-browser.ts";
import { createPageReader } from "../../connectors/web-fetch/page-reader.ts";
import { createWebFetch } from "../../connectors/web-fetch/web-fetch.ts";

/** The connector for pages, with the threads that read them and the browser of PortOS. */
export function buildWebFetch(env: Env) {
  const reader = createPageReader(join(env.rootDir, "dist/page-reader.js"));
  const process = createInternalClient(browserProcessEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.browserHealth}`,
    name: "portos-browser",
    timeoutMs: 2_000,
  });
  const browser = createPageBrowser({
    state: async () => (await process.changes({ query: {} })).state,
    cdp: createCdpHttp({ host: env.cdpHost, port: env.ports.cdp }),
  });
  return { connector: createWebFetch(reader, browser), stop: () => reader.stop() };
}
