import { join } from "node:path";

import { openJsonStore, type JsonStore } from "../../../../lib/json-store.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { rssFile, type RssBook } from "../rss-book.ts";

/** The file of followed feeds in a folder of a test; close it before the folder goes. */
export function openRssStore(folder: string): Promise<JsonStore<RssBook>> {
  return openJsonStore<RssBook>({ ...rssFile, file: join(folder, "feeds.json"), logger: silentLogger });
}
