import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Recording } from "../../contract/internal/cos.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { KnownSecrets } from "../../lib/known-secrets.ts";
import type { Logger } from "../../lib/logger.ts";
import { exportRecording } from "./export-recording.ts";
import { prepareDirectory } from "./output-file.ts";
import { startRecorder, type Recorder } from "./recorder.ts";
import type { Session } from "./session.ts";
import type { SessionCatalog } from "./session-catalog.ts";

/** Recordings of sessions: starting, ending, listing, keeping within bounds. */
export interface Recordings {
  list(): Recording[];
  start(session: Session): Promise<void>;
  stop(sessionId: string): Promise<void>;
  output(sessionId: string, bytes: Uint8Array): void;
  resize(sessionId: string, cols: number, rows: number): void;
  read(id: string): Promise<{ recording: Recording; text: string }>;
  remove(id: string): Promise<void>;
  prune(): Promise<void>;
  stopAll(): Promise<void>;
}

const keptDays = 30;
const keptRecordings = 200;

export function createRecordings(options: {
  directory: string;
  secrets: KnownSecrets;
  catalog: SessionCatalog;
  clock: Clock;
  logger: Logger;
}): Recordings {
  const { directory, secrets, catalog, clock, logger } = options;
  const active = new Map<string, { recorder: Recorder; recording: Recording }>();

  function fileOf(id: string): string {
    return join(directory, "recordings", `${id}.cast`);
  }

  function list(): Recording[] {
    const running = [...active.values()].map(current);
    const ids = new Set(running.map(({ id }) => id));
    const stored = catalog.recordings().filter(({ id }) => !ids.has(id));
    return [...running, ...stored.map((recording) => ({ ...recording, isActive: false }))].toSorted((a, b) =>
      b.startedAt.localeCompare(a.startedAt),
    );
  }

  function find(id: string): Recording {
    const recording = list().find((candidate) => candidate.id === id);
    if (!recording) throw new AppError("not_found", "There is no such recording");
    return recording;
  }

  async function remove(id: string): Promise<void> {
    const recording = find(id);
    if (recording.isActive) throw new AppError("conflict", "The recording is still running");
    await rm(fileOf(id), { force: true });
    await catalog.forgetRecording(id);
  }

  return {
    list,
    async start(session) {
      const { record } = session;
      if (active.has(record.id)) return;
      const painted = session.ring.end > 0 ? await session.repaint() : null;
      prepareDirectory(join(directory, "recordings"));
      const taken = list().filter(({ sessionId }) => sessionId === record.id);
      const number = 1 + Math.max(0, ...taken.map(({ id }) => Number(id.split("-")[1])));
      const recording: Recording = {
        id: `${record.id}-${number}`,
        sessionId: record.id,
        name: record.name,
        cols: record.cols,
        rows: record.rows,
        startedAt: new Date(clock.now()).toISOString(),
        durationMs: 0,
        sizeBytes: 0,
        isActive: false,
      };
      const recorder = startRecorder({
        file: fileOf(recording.id),
        cols: record.cols,
        rows: record.rows,
        title: record.name,
        clock,
        onError: (error) => {
          logger.error("A recording could not be written", { session: record.id }, error);
        },
      });
      active.set(record.id, { recorder, recording });
      if (painted) recorder.output(painted.data);
      await catalog.saveRecording(recording);
    },
    async stop(sessionId) {
      const entry = active.get(sessionId);
      if (!entry) return;
      active.delete(sessionId);
      await entry.recorder.stop();
      await catalog.saveRecording({ ...current(entry), isActive: false });
    },
    output(sessionId, bytes) {
      active.get(sessionId)?.recorder.output(bytes);
    },
    resize(sessionId, cols, rows) {
      active.get(sessionId)?.recorder.resize(cols, rows);
    },
    async read(id) {
      const recording = find(id);
      const text = await readFile(fileOf(id), "utf8").catch((cause: unknown) => {
        throw new AppError("not_found", "The file of this recording is gone", { cause });
      });
      await secrets.refresh();
      return { recording: { ...recording, sizeBytes: (await stat(fileOf(id))).size }, text: exportRecording(text) };
    },
    remove,
    async prune() {
      const oldest = new Date(clock.now() - keptDays * 86_400_000).toISOString();
      const finished = list().filter(({ isActive }) => !isActive);
      const surplus = finished.filter(({ startedAt }, index) => index >= keptRecordings || startedAt < oldest);
      for (const { id } of surplus) await remove(id);
    },
    async stopAll() {
      for (const id of active.keys()) await this.stop(id);
    },
  };
}

function current({ recorder, recording }: { recorder: Recorder; recording: Recording }): Recording {
  return { ...recording, durationMs: recorder.durationMs, sizeBytes: recorder.sizeBytes, isActive: true };
}
