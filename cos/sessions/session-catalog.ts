import { rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { recordingSchema, sessionInfoSchema, type Recording } from "../../contract/internal/cos.ts";
import type { Clock } from "../../lib/clock.ts";
import { openJsonStore, type JsonStore } from "../../lib/json-store.ts";
import type { Logger } from "../../lib/logger.ts";
import type { SessionRecord } from "./session.ts";

const recordSchema = sessionInfoSchema.omit({
  viewers: true,
  memoryBytes: true,
  bufferedBytes: true,
  outputBytes: true,
});

const catalogSchema = z.object({ sessions: z.array(recordSchema), recordings: z.array(recordingSchema) });
type Catalog = z.output<typeof catalogSchema>;

/** What is known of sessions and recordings after portos-cos itself was restarted. */
export interface SessionCatalog {
  sessions(): readonly SessionRecord[];
  recordings(): readonly Recording[];
  /** Remembers a session as it is now. A disk that cannot be written is logged: a shell is needed most then. */
  save(record: SessionRecord): Promise<void>;
  forget(id: string): Promise<void>;
  saveRecording(recording: Recording): Promise<void>;
  forgetRecording(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function openSessionCatalog(options: {
  directory: string;
  clock: Clock;
  logger: Logger;
}): Promise<SessionCatalog> {
  const { directory, clock, logger } = options;
  const store: JsonStore<Catalog> = await openJsonStore<Catalog>({
    file: join(directory, "sessions.json"),
    schema: catalogSchema,
    initial: { sessions: [], recordings: [] },
    version: 1,
    clock,
    logger,
  });

  async function change(next: (catalog: Catalog) => Catalog): Promise<void> {
    try {
      await store.update((current) => ({ next: next(current), result: null }));
    } catch (error) {
      logger.error("Could not remember a session", {}, error);
    }
  }

  return {
    sessions: () => store.get().sessions,
    recordings: () => store.get().recordings,
    save: (record) =>
      change((catalog) => ({
        ...catalog,
        sessions: [...catalog.sessions.filter(({ id }) => id !== record.id), structuredClone(record)],
      })),
    forget: (id) =>
      change((catalog) => ({ ...catalog, sessions: catalog.sessions.filter((session) => session.id !== id) })),
    saveRecording: (recording) =>
      change((catalog) => ({
        ...catalog,
        recordings: [...catalog.recordings.filter(({ id }) => id !== recording.id), recording],
      })),
    forgetRecording: (id) =>
      change((catalog) => ({ ...catalog, recordings: catalog.recordings.filter((recording) => recording.id !== id) })),
    close: () => store.close(),
  };
}

/** Removes what a session left on disk. */
export async function removeSessionFiles(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
