import type { SessionInfo } from "../../../../contract/internal/cos.ts";

type Ringing = Pick<SessionInfo, "id" | "lastBellAt">;
/** Session → its last bell that was noticed on this device. */
export type NoticedBells = Readonly<Record<string, string>>;

/** Sessions whose bell rang since it was last noticed. */
export function unnoticedBells(sessions: readonly Ringing[], noticed: NoticedBells): Set<string> {
  return new Set(
    sessions.flatMap(({ id, lastBellAt }) => (lastBellAt !== null && lastBellAt > (noticed[id] ?? "") ? [id] : [])),
  );
}

/** The same with the bell of one session noticed and those of sessions that are gone forgotten. */
export function noticeBell(sessions: readonly Ringing[], noticed: NoticedBells, seen: string): NoticedBells {
  const kept = Object.entries(noticed).filter(([id]) => sessions.some((session) => session.id === id));
  const at = sessions.find(({ id }) => id === seen)?.lastBellAt ?? null;
  return { ...Object.fromEntries(kept), ...(at === null ? {} : { [seen]: at }) };
}
