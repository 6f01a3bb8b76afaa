import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { SessionList } from "../../../../contract/features/terminal.ts";
import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useObservable } from "../../lib/observable.ts";
import { loadAnew } from "../../lib/live-queries.ts";
import { channel, connection, connectionCount } from "../../lib/socket.ts";

const key = callKey("terminal.list");
const terminal = channel("terminal");

/** Puts one changed session into the list, in the order sessions were started. */
export function withSession(list: SessionList, session: SessionInfo): SessionList {
  const others = list.sessions.filter(({ id }) => id !== session.id);
  return { ...list, sessions: [...others, session].toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)) };
}

/** Shows a session this page has started, before the news of it comes. */
export function putSession(client: QueryClient, session: SessionInfo): void {
  client.setQueryData<SessionList>(key, (list) => (list === undefined ? list : withSession(list, session)));
}

/** Over the socket where there is one: a list that came another way could overtake, or take back, a change. */
async function readSessions(signal: AbortSignal): Promise<SessionList> {
  if (connection.get() === "live") {
    try {
      return await terminal.emit("watch", {});
    } catch {
      // lost or slow: what HTTP says counts, with its own error
    }
  }
  return call("terminal.list", {}, { signal });
}

/** All sessions, kept current over the socket. */
export function useSessions() {
  const client = useQueryClient();
  const connections = useObservable(connectionCount);
  useEffect(() => {
    const change = (update: (list: SessionList) => SessionList): void => {
      client.setQueryData<SessionList>(key, (list) => (list === undefined ? list : update(list)));
    };
    const watch = (): void => {
      loadAnew(client, key);
    };
    const stops = [
      terminal.on("session", (session) => {
        change((list) => withSession(list, session));
      }),
      terminal.on("removed", ({ id }) => {
        change((list) => ({ ...list, sessions: list.sessions.filter((session) => session.id !== id) }));
      }),
      terminal.on("state", ({ isUp }) => {
        change((list) => ({ ...list, isUp }));
        if (isUp) watch();
      }),
    ];
    if (connections > 0) watch();
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, connections]);
  return useQuery({
    ...callQuery("terminal.list", undefined, { isKept: true }),
    queryFn: ({ signal }) => readSessions(signal),
  });
}
