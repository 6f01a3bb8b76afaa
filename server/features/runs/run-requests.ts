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
  /** Those whose end was not told yet. */
  open(): string[];
  add(id: string, choice: RunChoice, folder: string | null): Promise<void>;
  setOpen(id: string, isOpen: boolean): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createRunRequests(store: JsonStore<RunRequestsFile>): RunRequests {
  const get = (id: string): RunRequest | undefined => store.get().requests.find((request) => request.id === id);

  function change(make: (requests: RunRequest[]) => RunRequest[]): Promise<void> {
    return store.update(({ requests }) => ({ next: { requests: prune(make(requests)) }, result: undefined }));
  }

  return {
    get,
    open: () =>
      store
        .get()
        .requests.filter(({ isOpen }) => isOpen)
        .map(({ id }) => id),
    add: (id, choice, folder) => change((requests) => [{ id, choice, folder, isOpen: true }, ...requests]),
    async setOpen(id, isOpen) {
      const known = get(id);
      if (known ? known.isOpen === isOpen : !isOpen) return;
      await change((requests) =>
        requests.some((request) => request.id === id)
          ? requests.map((request) => (request.id === id ? { ...request, isOpen } : request))
          : [{ id, choice: null, folder: null, isOpen }, ...requests],
      );
    },
    async remove(id) {
      if (get(id)) await change((requests) => requests.filter((request) => request.id !== id));
    },
  };
}

function prune(requests: RunRequest[]): RunRequest[] {
  let left = keepEnded;
  return requests.filter(({ isOpen }) => isOpen || left-- > 0);
}
