import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { type AutomationsFile, sealPlainSecrets } from "./automation-record.ts";

interface Dependencies {
  store: JsonStore<AutomationsFile>;
  /** Path of that file; copies of what it held lie beside it. */
  file: string;
  secrets: Pick<SecretBox, "sealPlain">;
  logger: Logger;
  /** Variables of an older file, which held them all in clear, were sealed and its copies removed. */
  onOldFileSealed(): Promise<void>;
}

/** Seals the secrets of automations that stand in the file plainly, written by hand or by an earlier version. */
export interface SecretKeeper {
  /** Seals what is there now, then after each change. Never throws: what cannot be sealed is logged and tried at the next change. */
  start(): Promise<void>;
  stop(): void;
}

/** A keeper that has not looked yet. */
export function createSecretKeeper({ store, file, secrets, logger, onOldFileSealed }: Dependencies): SecretKeeper {
  let last = Promise.resolve();
  const stops: (() => void)[] = [];

  async function look(): Promise<void> {
    try {
      const edit = await sealPlainSecrets(store.get(), secrets);
      if (edit) await store.update((current) => ({ next: edit(current), result: null }));
      const hasOldCopies = await removeCopies(file, edit !== null);
      if (hasOldCopies && edit !== null) await onOldFileSealed();
    } catch (error) {
      logger.error("Secrets of automations could not be sealed", {}, error);
    }
  }

  const lookInTurn = (): Promise<void> => (last = last.then(look));
  return {
    async start() {
      stops.push(store.subscribe(() => void lookInTurn()));
      await lookInTurn();
    },
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

/**
 * Copies of the file from before its secrets were sealed; the store renews its backup from what is in force.
 * Resolves with whether there was one of a version that knew no secrets.
 */
async function removeCopies(file: string, isBackupPlain: boolean): Promise<boolean> {
  if (isBackupPlain) await rm(`${file}.backup`, { force: true });
  const old = (await readdir(dirname(file))).filter((name) => name.startsWith(`${basename(file)}.backup-v1-`));
  for (const name of old) await rm(join(dirname(file), name), { force: true });
  return old.length > 0;
}
