import type { SessionInfo, SessionSpec } from "../contract/internal/cos.ts";

/** Sessions of portos-cos as features of portos-server use them. Every call throws `unavailable` while portos-cos is gone. */
export interface CosClient {
  list(): Promise<SessionInfo[]>;
  create(spec: SessionSpec): Promise<SessionInfo>;
  get(id: string): Promise<SessionInfo>;
  /** Polite signal to the process group, the hard one after `graceMs` (3 s). */
  kill(id: string, options?: { graceMs?: number; undoMs?: number }): Promise<SessionInfo>;
  rename(id: string, name: string): Promise<SessionInfo>;
  /** Forgets an ended session and its stored output. */
  close(id: string): Promise<void>;
  /** Output from byte `from` on; the reply's `from` is later when older output is gone. */
  readOutput(
    id: string,
    options?: { from?: number; maxBytes?: number },
  ): Promise<{ from: number; total: number; bytes: Uint8Array }>;
  /** Calls `listener` with every change of a session (started, renamed, ended, ...). Returns how to stop. */
  onSession(listener: (session: SessionInfo) => void): () => void;
  isUp(): boolean;
}
