import type { LogPage } from "../../../contract/features/logs.ts";
import { toStream, type CatalogStream } from "./log-catalog.ts";
import { toBatch, type Page } from "./read-page.ts";

/** The wire form of a page, without its cursors. */
export function toLogPage(streams: CatalogStream[], { lines, isPartial }: Pick<Page, "lines" | "isPartial">): LogPage {
  return {
    ...toBatch(lines),
    streams: streams.map(toStream),
    before: null,
    after: null,
    isAtEnd: false,
    isPartial,
    notices: [],
  };
}
