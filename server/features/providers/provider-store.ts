import type { z } from "zod";

import type { ProviderList } from "../../../contract/features/providers.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { type ProviderRecord, providerRecordSchema, type ProvidersFile } from "./provider-record.ts";

type Problem = ProviderList["problems"][number];

const keepDeletedMs = 7 * 86_400_000;
const maxDeleted = 100;

/** The providers of the file, entries that are wrong set apart. */
export interface ProviderStore {
  all(): readonly ProviderRecord[];
  problems(): readonly Problem[];
  /** Throws `not_found`. */
  get(id: string): ProviderRecord;
  find(id: string): ProviderRecord | null;
  /** Adds under `id`, or under a free one made of it when `isFixed` is false; throws `conflict` when a fixed one is taken. */
  add(id: string, isFixed: boolean, make: (id: string) => ProviderRecord): Promise<ProviderRecord>;
  /** Throws `not_found`. */
  change(id: string, change: (current: ProviderRecord) => ProviderRecord): Promise<ProviderRecord>;
  remove(id: string, now: number): Promise<ProviderRecord>;
  restore(id: string, now: number): Promise<ProviderRecord>;
  /** Calls `listener` after every change, by hand or not. */
  subscribe(listener: () => void): () => void;
}

interface Reading {
  providers: readonly ProviderRecord[];
  byId: ReadonlyMap<string, ProviderRecord>;
  problems: readonly Problem[];
}

/** The store over its open file. */
export function createProviderStore(store: JsonStore<ProvidersFile>): ProviderStore {
  let read = readEntries(store.get().providers);
  const listeners = new Set<() => void>();
  store.subscribe((file) => {
    read = readEntries(file.providers);
    for (const listener of listeners) listener();
  });
  const find = (id: string): ProviderRecord | null => read.byId.get(id) ?? null;

  return {
    all: () => read.providers,
    problems: () => read.problems,
    find,
    get(id) {
      const found = find(id);
      if (!found) throw missing();
      return found;
    },
    add: (id, isFixed, make) =>
      store.update((file) => {
        const taken = new Set(file.providers.map(idOf));
        if (isFixed && taken.has(id)) throw idTaken(id);
        const provider = make(isFixed ? id : freeId(id, taken));
        return { next: { ...file, providers: [...file.providers, provider] }, result: provider };
      }),
    change: (id, change) =>
      store.update((file) => {
        const place = placeOf(file, id);
        const changed = change(judged(file.providers[place]));
        return { next: { ...file, providers: file.providers.with(place, changed) }, result: changed };
      }),
    remove: (id, now) =>
      store.update((file) => {
        const place = placeOf(file, id);
        const provider = judged(file.providers[place]);
        const kept = file.deleted.filter(
          (entry) => entry.provider.id !== id && now - Date.parse(entry.deletedAt) < keepDeletedMs,
        );
        const deleted = [{ deletedAt: new Date(now).toISOString(), provider }, ...kept].slice(0, maxDeleted);
        return { next: { providers: file.providers.toSpliced(place, 1), deleted }, result: provider };
      }),
    restore: (id, now) =>
      store.update((file) => {
        const found = file.deleted.find(({ provider }) => provider.id === id);
        if (!found) throw new AppError("not_found", "This provider can no longer be brought back");
        if (file.providers.some((entry) => idOf(entry) === id)) throw idTaken(id);
        const provider = { ...found.provider, updatedAt: new Date(now).toISOString() };
        const deleted = file.deleted.filter((entry) => entry !== found);
        return { next: { providers: [...file.providers, provider], deleted }, result: provider };
      }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function missing(): AppError {
  return new AppError("not_found", "There is no such provider");
}

function idTaken(id: string): AppError {
  const message = `is the id of another provider: ${id}`;
  return new AppError("conflict", `id: ${message}`, { issues: [{ path: "body.id", message }] });
}

function freeId(wanted: string, taken: ReadonlySet<unknown>): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? "" : `-${number}`;
    const id = `${wanted.slice(0, 40 - suffix.length)}${suffix}`;
    if (!taken.has(id)) return id;
  }
}

/** Place of the first entry with this id that follows the schema. */
function placeOf(file: ProvidersFile, id: string): number {
  const place = file.providers.findIndex(
    (entry) => idOf(entry) === id && providerRecordSchema.safeParse(entry).success,
  );
  if (place === -1) throw missing();
  return place;
}

function judged(entry: unknown): ProviderRecord {
  const result = providerRecordSchema.safeParse(entry);
  if (!result.success) throw missing();
  return result.data;
}

function readEntries(entries: readonly unknown[]): Reading {
  const byId = new Map<string, ProviderRecord>();
  const problems: Problem[] = [];
  for (const [index, entry] of entries.entries()) {
    const result = providerRecordSchema.safeParse(entry);
    if (result.success && !byId.has(result.data.id)) byId.set(result.data.id, result.data);
    else
      problems.push({
        index,
        name: nameOf(entry),
        message: result.success ? "id: is the id of an earlier entry too" : issueText(result.error),
      });
  }
  return { byId, problems, providers: [...byId.values()] };
}

function issueText(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

function idOf(entry: unknown): unknown {
  return typeof entry === "object" && entry !== null && "id" in entry ? entry.id : undefined;
}

function nameOf(entry: unknown): string {
  const name = typeof entry === "object" && entry !== null && "name" in entry ? entry.name : idOf(entry);
  return typeof name === "string" ? name.slice(0, 80) : "";
}
