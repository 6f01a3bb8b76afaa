import {
  cosEndpoints,
  type Recording,
  type SessionInfo,
  type SessionSpec,
  type TypedCommand,
} from "../contract/internal/cos.ts";
import { createInternalClient } from "../lib/internal-client.ts";
import type { CosLink } from "./cos-link.ts";

/** Sessions of portos-cos as features of portos-server use them. Every call throws `unavailable` while portos-cos is gone. */
export interface CosClient {
  list(): Promise<SessionInfo[]>;
  create(spec: SessionSpec): Promise<SessionInfo>;
  get(id: string): Promise<SessionInfo>;
  update(
    id: string,
    change: {
      name?: string | undefined;
      isRecorded?: boolean | undefined;
      sizing?: SessionInfo["sizing"] | undefined;
      idleTimeoutMs?: number | null | undefined;
    },
  ): Promise<SessionInfo>;
  /** Polite signal to the process group, the hard one after `graceMs` (3 s). With `undoMs` it can be kept meanwhile. */
  kill(id: string, options?: { graceMs?: number; undoMs?: number }): Promise<SessionInfo>;
  keep(id: string): Promise<SessionInfo>;
  rename(id: string, name: string): Promise<SessionInfo>;
  /** Forgets an ended session and its stored output. */
  close(id: string): Promise<void>;
  /** Output from byte `from` on; the reply's `from` is later when older output is gone. */
  readOutput(
    id: string,
    options?: { from?: number; maxBytes?: number },
  ): Promise<{ from: number; total: number; bytes: Uint8Array }>;
  recordings(): Promise<Recording[]>;
  recording(id: string): Promise<{ recording: Recording; text: string }>;
  deleteRecording(id: string): Promise<void>;
  commandHistory(query: {
    text?: string | undefined;
    folder?: string | undefined;
    before?: string | undefined;
    limit?: number | undefined;
  }): Promise<{ items: TypedCommand[]; next: string | null }>;
  /**
   * Calls `listener` with every change of a session (started, renamed, ended, ...), and with all sessions whenever
   * portos-cos comes back. Returns how to stop.
   */
  onSession(listener: (session: SessionInfo) => void): () => void;
  isUp(): boolean;
}

/** Calls portos-cos at `baseUrl` ("http://127.0.0.1:5558"); changes arrive over `link`. */
export function createCosClient(options: { baseUrl: string; link: CosLink }): CosClient {
  const { baseUrl, link } = options;
  const api = createInternalClient(cosEndpoints, { baseUrl, name: "portos-cos" });
  const update: CosClient["update"] = (id, body) => api.update({ params: { id }, body });
  return {
    list: () => api.list({}),
    create: (body) => api.create({ body }),
    get: (id) => api.get({ params: { id } }),
    update,
    kill: (id, body = {}) => api.kill({ params: { id }, body }),
    keep: (id) => api.keep({ params: { id }, body: {} }),
    rename: (id, name) => update(id, { name }),
    async close(id) {
      await api.close({ params: { id } });
    },
    async readOutput(id, query = {}) {
      const { data, ...place } = await api.output({ params: { id }, query });
      return { ...place, bytes: Buffer.from(data, "base64") };
    },
    recordings: () => api.recordings({}),
    recording: (id) => api.recording({ params: { id } }, { timeoutMs: 60_000 }),
    async deleteRecording(id) {
      await api.deleteRecording({ params: { id } });
    },
    commandHistory: (query) => api.commandHistory({ query }),
    onSession(listener) {
      const stopSessions = link.onSession(listener);
      const stopState = link.onState((isUp) => {
        if (!isUp) return;
        api.list({}).then(
          (sessions) => {
            for (const session of sessions) listener(session);
          },
          () => undefined, // gone again: the next time it comes back counts
        );
      });
      return () => {
        stopSessions();
        stopState();
      };
    },
    isUp: () => link.isUp,
  };
}
