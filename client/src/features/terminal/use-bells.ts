import { useEffect, useRef } from "react";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { noticeBell, unnoticedBells, type NoticedBells } from "./bells.ts";
import type { TerminalSettings } from "./terminal-settings.ts";

interface BellOptions {
  /** The session in focus: its bell needs no mark. */
  seen: string | undefined;
  bell: TerminalSettings["bell"];
}

/** Sessions to be marked because their bell rang, also while their tab was behind another; rings aloud when wished. */
export function useBells(sessions: readonly SessionInfo[], { seen, bell }: BellOptions): ReadonlySet<string> {
  const [noticed, store] = usePreference<NoticedBells>("terminal.bells", {});
  const newest = sessions.reduce(
    (latest, { lastBellAt }) => ((lastBellAt ?? "") > latest ? (lastBellAt ?? "") : latest),
    "",
  );
  const heard = useRef(newest);
  useEffect(() => {
    if (newest <= heard.current) return;
    heard.current = newest;
    if (bell !== "sound") return;
    void import("./beep.ts").then(({ beep }) => {
      beep();
    });
  }, [newest, bell]);
  const marked = unnoticedBells(sessions, noticed);
  const isSeenMarked = seen !== undefined && marked.has(seen);
  useEffect(() => {
    if (isSeenMarked) store(noticeBell(sessions, noticed, seen));
  });
  if (bell === "off") return new Set();
  if (seen !== undefined) marked.delete(seen);
  return marked;
}
