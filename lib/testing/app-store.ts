import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { formatDocument } from "../json-document.ts";
import { openJsonStore, type JsonStore, type JsonStoreOptions } from "../json-store.ts";
import { silentLogger } from "../logger.ts";

/** One entry of the file the store tests write. */
export const app = z.strictObject({ id: z.string(), name: z.string() });
/** What the file holds. */
export const schema = z.strictObject({ apps: z.array(app) });
/** The value of the file. */
export type Apps = z.infer<typeof schema>;

/** An entry with letters beyond ASCII. */
export const one = { id: "1", name: "Grüße" };
/** Another entry. */
export const two = { id: "2", name: "two" };
/** A third entry. */
export const three = { id: "3", name: "three" };

/** Opens `apps.json` in a folder. */
export async function open(folder: string, more: Partial<JsonStoreOptions<Apps>> = {}): Promise<JsonStore<Apps>> {
  const file = join(folder, "apps.json");
  return openJsonStore({ file, schema, initial: { apps: [] }, version: 1, logger: silentLogger, ...more });
}

/** A change that appends an entry. */
export const add = (entry: z.infer<typeof app>) => (current: Apps) => ({
  next: { apps: [...current.apps, entry] },
  result: null,
});

/** Leaves in a folder what a store that was closed with these entries leaves. */
export async function fill(folder: string, apps: Apps["apps"]): Promise<string> {
  const store = await open(folder);
  for (const entry of apps) await store.update(add(entry));
  await store.close();
  return folder;
}

/** What was kept aside. */
export async function keptCopies(folder: string): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith("apps.json.damaged-"));
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}

/** The file as it is on disk. */
export async function readApps(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, "apps.json"), "utf8"));
}

/** What is wrong with the file, in short. */
export const kinds = (store: JsonStore<Apps>): string[] => store.problems().map(({ kind }) => kind);
/** The file as a store writes it. */
export const document = (...apps: unknown[]): string => formatDocument({ apps }, 1);
