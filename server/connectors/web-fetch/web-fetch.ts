import { defineConnector } from "../framework/define-connector.ts";
import type { PageBrowser } from "./browser/page-browser.ts";
import { downloadOperation } from "./download.ts";
import { extractOperation } from "./extract.ts";
import { fetchOperation } from "./fetch.ts";
import type { PageReader } from "./page-reader.ts";
import { webFetchConfigSchema } from "./web-fetch-config.ts";

/** Pages and files of the web; `reader` makes sense of pages, `browser` opens those that need one. */
export function createWebFetch(reader: PageReader, browser: PageBrowser) {
  return defineConnector({
    id: "web-fetch",
    title: "Web pages",
    description: "Reads web pages as Markdown, takes parts out of them and downloads files.",
    config: webFetchConfigSchema,
    secrets: [],
    operations: {
      fetch: fetchOperation(reader, browser),
      download: downloadOperation,
      extract: extractOperation(reader, browser),
    },
  });
}
