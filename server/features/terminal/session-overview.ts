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

export function createSessionOverview(
  cos: Pick<CosClient, "list" | "onSession">,
  link: Pick<CosLink, "onRemoved">,
): SessionOverview {
  const known = new Map<string, SessionInfo>();
  /** What was told while a list was on its way, per list: the list may be older, and comes another way. */
  const toldMeanwhile = new Set<Map<string, SessionInfo | null>>();
  const hear = (id: string, session: SessionInfo | null): void => {
    for (const told of toldMeanwhile) told.set(id, session);
    if (session === null) known.delete(id);
    else known.set(id, session);
  };
  const stopSession = cos.onSession((session) => {
    hear(session.id, session);
  });
  const stopRemoved = link.onRemoved((id) => {
    hear(id, null);
  });

  return {
    async read() {
      const told = new Map<string, SessionInfo | null>();
      toldMeanwhile.add(told);
      try {
        const listed = new Map((await cos.list()).map((session) => [session.id, session]));
        known.clear();
        for (const [id, session] of new Map([...listed, ...told])) if (session !== null) known.set(id, session);
        return { isUp: true, sessions: [...known.values()] };
      } catch {
        return { isUp: false, sessions: [...known.values()] }; // old, and said to be so
      } finally {
        toldMeanwhile.delete(told);
      }
    },
    stop() {
      stopSession();
      stopRemoved();
    },
  };
}
