import type { IncomingMessage } from "node:http";

import { startHttp } from "../../../../lib/guarded-http/testing/hostile-server.ts";

export interface SitePage {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** What a site was asked. */
export interface SiteVisit {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type SitePages = Record<string, SitePage | ((visit: SiteVisit) => SitePage)>;

export interface WebSite {
  origin: string;
  visits: SiteVisit[];
  /** May be changed between visits; by path without query. */
  pages: SitePages;
  close(): Promise<void>;
}

/** A site on loopback. HTML unless its headers say otherwise; 404 for what it has not. */
export async function startSite(pages: SitePages): Promise<WebSite> {
  const visits: SiteVisit[] = [];
  const site = { pages };
  const server = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "/";
      const body = Buffer.concat(chunks).toString();
      const visit = { method: request.method ?? "", path, headers: request.headers, body };
      visits.push(visit);
      const page = site.pages[path.split("?", 1)[0] ?? ""] ?? { status: 404, body: "Nothing here" };
      const answer = typeof page === "function" ? page(visit) : page;
      response.writeHead(answer.status ?? 200, { "content-type": "text/html; charset=utf-8", ...answer.headers });
      response.end(answer.body);
    });
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    visits,
    get pages() {
      return site.pages;
    },
    set pages(next) {
      site.pages = next;
    },
    close: () => server.close(),
  };
}
