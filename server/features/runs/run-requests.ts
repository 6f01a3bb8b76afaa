import { z } from "zod";

import { runChoiceSchema, runIdSchema, type RunChoice } from "../../../contract/features/runs.ts";
import type { JsonStore } from "../../../lib/json-store.ts";

const requestSchema = z.strictObject({
  id: runIdSchema,
  /** What was asked for; `null` for a run this server did not start. */
  choice: runChoiceSchema.nullable(),
  /** Folder as asked for; `null` for one of the run's own. */
  folder: z.string().nullable(),
  /** Its end has not been told yet. */
  isOpen: z.boolean(),
});
export type RunRequest = z.output<typeof requestSchema>;

const fileSchema = z.strictObject({ requests: z.array(requestSchema) });
export type RunRequestsFile = z.output<typeof fileSchema>;

/** How `data/run-requests.json` is opened. */
export const runRequestsFile = { schema: fileSchema, initial: { requests: [] }, version: 1 };

const keepEnded = 1_000;

/** What was asked for, kept so that a run can be asked for again and no end goes untold. */
export interface RunRequests {
  get(id: string): RunRequest | undefined;
  /** Those whose end was not told yet, without those that are just being started: portos-cos need not have them yet. */
  open(): string[];
  /** On disk before the run is started; `settled` has to be called when portos-cos has answered, or did not. */
  add(id: string, choice: RunChoice, folder: string | null): Promise<void>;
  settled(id: string): void;
  setOpen(id: string, isOpen: boolean): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createRunRequests(store: JsonStore<RunRequestsFile>): RunRequests {
  const get = (id: string): RunRequest | undefined => store.get().requests.find((request) => request.id === id);

  const starting = new Set<string>();

  /** Decided on what is there when its turn comes: another change may be on its way to the disk. */
  function change(make: (requests: readonly RunRequest[]) => readonly RunRequest[]): Promise<void> {
    return store.update((file) => {
      const next = make(file.requests);
      return { next: next === file.requests ? file : { requests: prune(next) }, result: undefined };
    });
  }

  return {
    get,
    open: () =>
      store
        .get()
        .requests.filter(({ isOpen }) => isOpen)
        .map(({ id }) => id)
        .filter((id) => !starting.has(id)),
    async add(id, choice, folder) {
      starting.add(id);
      try {
        await change((requests) => {
          const { isOpen } = requests.find((request) => request.id === id) ?? { isOpen: true };
          return [{ id, choice, folder, isOpen }, ...withoutIt(requests, id)];
        });
      } catch (error) {
        starting.delete(id);
        throw error;
      }
    },
    settled: (id) => void starting.delete(id),
    setOpen: (id, isOpen) =>
      change((requests) => {
        const known = requests.find((request) => request.id === id);
        if (known ? known.isOpen === isOpen : !isOpen) return requests;
        if (known === undefined) return [{ id, choice: null, folder: null, isOpen }, ...requests];
        return requests.map((request) => (request === known ? { ...request, isOpen } : request));
      }),
    remove: (id) => change((requests) => (requests.some((one) => one.id === id) ? withoutIt(requests, id) : requests)),
  };
}

function withoutIt(requests: readonly RunRequest[], id: string): RunRequest[] {
  return requests.filter((request) => request.id !== id);
}

function prune(requests: readonly RunRequest[]): RunRequest[] {
  let left = keepEnded;
  return requests.filter(({ isOpen }) => isOpen || left-- > 0);
}
