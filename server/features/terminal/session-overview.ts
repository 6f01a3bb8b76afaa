import type { SessionList } from "../../../contract/features/terminal.ts";
import type { SessionInfo } from "../../../contract/internal/cos.ts";
import type { CosClient } from "../../cos-client.ts";
import type { CosLink } from "../../cos-link.ts";

/** The sessions as last known, so that a list can be shown while portos-cos is away. */
export interface SessionOverview {
  /** Asks portos-cos; answers with what was known last when it is gone. */
  read(): Promise<SessionList>;
  stop(): void;
}

export function createSessionOverview(cos: CosClient, link: CosLink): SessionOverview {
  const known = new Map<string, SessionInfo>();
  const stopSession = cos.onSession((session) => {
    known.set(session.id, session);
  });
  const stopRemoved = link.onRemoved((id) => {
    known.delete(id);
  });

  return {
    async read() {
      try {
        const sessions = await cos.list();
        known.clear();
        for (const session of sessions) known.set(session.id, session);
        return { isUp: true, sessions };
      } catch {
        return { isUp: false, sessions: [...known.values()] }; // old, and said to be so
      }
    },
    stop() {
      stopSession();
      stopRemoved();
    },
  };
}
