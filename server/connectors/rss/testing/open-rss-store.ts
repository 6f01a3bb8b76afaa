import { join } from "node:path";

import { openJsonStore } from "../../../../lib/json-store.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { createSecretBox } from "../../../../lib/secret-box.ts";
import { openPrivateFeeds } from "../private-feeds.ts";
import { rssFile, type RssStore, type StoredRssBook } from "../rss-book.ts";

/** The followed feeds of a folder of a test; close it before the folder goes. */
export async function openRssStore(folder: string): Promise<RssStore & { close(): Promise<void> }> {
  const logger = silentLogger;
  const store = await openJsonStore<StoredRssBook>({ ...rssFile, file: join(folder, "feeds.json"), logger });
  const secrets = createSecretBox({
    configDir: join(folder, "config"),
    fingerprintFile: join(folder, "secrets-key.json"),
    variables: {},
    logger,
  });
  const feeds = await openPrivateFeeds({ store, secrets, logger });
  return {
    ...feeds,
    async close() {
      await feeds.stop();
      await store.close();
    },
  };
}
