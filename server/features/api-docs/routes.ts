import type { Router } from "express";

import type { EndpointGroup } from "../../../contract/endpoint.ts";
import { sendJson } from "../../../lib/endpoint-runner.ts";
import { buildDocsPage } from "./docs-page.ts";
import { buildOpenApi } from "./open-api.ts";

/** Serves `/api/openapi.json` and the readable `/api/docs`; both are built at the first request and kept. */
export function mountApiDocs(router: Router, groups: Record<string, EndpointGroup>, version: string): void {
  let openApi: object | undefined;
  let page: string | undefined;
  router.get("/api/openapi.json", (request, response) => {
    openApi ??= buildOpenApi(groups, version);
    sendJson(response, 200, openApi, request.headers["if-none-match"]);
  });
  router.get("/api/docs", (_request, response) => {
    page ??= buildDocsPage(groups, version);
    response.type("html").send(page);
  });
}
