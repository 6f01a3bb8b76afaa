import { rm } from "node:fs/promises";

import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { type ProvidersFile, sealPlainSecrets } from "./provider-record.ts";

interface Dependencies {
  store: JsonStore<ProvidersFile>;
  /** Path of that file; its backup holds what it held before. */
  file: string;
  secrets: Pick<SecretBox, "sealPlain">;
  logger: Logger;
}

/**
 * Seals keys and secret variables that were written into the file by hand: those there now, then after each change. What
 * cannot be sealed is logged and tried at the next change. Resolves with how to stop.
 */
export async function keepKeysSealed({ store, file, secrets, logger }: Dependencies): Promise<() => void> {
  async function look(): Promise<void> {
    try {
      const edit = await sealPlainSecrets(store.get(), secrets);
      if (edit === null) return;
      await store.update((current) => ({ next: edit(current), result: null }));
      await rm(`${file}.backup`, { force: true }); // the store renews it from what is in force
    } catch (error) {
      logger.error("Keys of providers could not be sealed", {}, error);
    }
  }
  let last = look();
  await last;
  return store.subscribe(() => {
    last = last.then(look);
  });
}
