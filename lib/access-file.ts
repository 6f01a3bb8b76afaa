import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { z } from "zod";

import { dataFiles } from "../contract/data-files.ts";
import { elevationMinutesSchema, guestListSchema, pinSchema, type GuestList } from "../contract/features/access.ts";
import type { JsonStore } from "./json-store.ts";
import { sealedSecretSchema } from "./secret-box.ts";

/** `data/access.json`: who may come in, and the PIN. */
export const accessFileSchema = z.strictObject({
  guests: guestListSchema.prefault({}),
  /** Sealed hash of the PIN; digits written by hand are hashed and sealed at once. */
  pin: z.union([sealedSecretSchema, pinSchema]).nullable().default(null),
  /** How long a right PIN holds. */
  minutes: elevationMinutesSchema.default(15),
});
export type AccessFile = z.output<typeof accessFileSchema>;

/** What `openJsonStore` needs besides the place. */
export const accessFile = { schema: accessFileSchema, initial: accessFileSchema.parse({}), version: 1 };

const nobody: GuestList = { isOn: true, logins: [], nodes: [] };
const initialText = JSON.stringify(accessFile.initial);
const lossy = new Set(["damaged", "newer_version", "unreadable"]);

/** Follows the list of the file. When the file was lost without a good copy, nobody but this machine is on it. */
export function followGuests(store: JsonStore<AccessFile>, dataDir: string) {
  const file = join(dataDir, dataFiles.access.path);
  const listeners = new Set<() => void>();
  let isLost = isFileLost(store, file);
  let list = isLost ? nobody : store.get().guests;
  const stop = store.subscribe((value) => {
    isLost = false;
    list = value.guests;
    for (const listener of listeners) listener();
  });
  return {
    list: () => list,
    isLost: () => isLost,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop,
  };
}
export type FollowedGuests = ReturnType<typeof followGuests>;

function isFileLost(store: JsonStore<AccessFile>, file: string): boolean {
  if (JSON.stringify(store.get()) !== initialText) return false;
  if (store.problems().some(({ kind }) => lossy.has(kind))) return true;
  if (existsSync(file) || !existsSync(dirname(file))) return false;
  return readdirSync(dirname(file)).some((name) => name.startsWith(`${basename(file)}.damaged-`));
}
