import type { RunEvent } from "../../../contract/features/run-events.ts";
import { agentsChannel } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { ChannelClient, Realtime } from "../../realtime/realtime.ts";
import type { RunsLink } from "../../runs-link.ts";
import { createRunWatcher, type RunWatcher } from "./run-watcher.ts";

interface Dependencies {
  link: Pick<RunsLink, "onMessage" | "onState" | "watch">;
  events(id: string, query: { after: number; limit: number }): Promise<{ events: RunEvent[]; last: number }>;
  logger: Logger;
}

/** A run that one window watches. */
interface Entry {
  watcher: RunWatcher | null;
  unwatch: () => void;
}

const firstPage = 2_000;
const maxWatchedPerTab = 32;

/** Live events of single runs for those who watch them. Returns how to stop. */
export function registerAgentsChannel(realtime: Realtime, dependencies: Dependencies): () => void {
  const { link, events, logger } = dependencies;
  /** Watchers by run; a run nobody watches costs nothing. */
  const watchers = new Map<string, Set<RunWatcher>>();

  function add(id: string, watcher: RunWatcher): void {
    watchers.set(id, (watchers.get(id) ?? new Set()).add(watcher));
  }

  function remove(id: string, watcher: RunWatcher): void {
    watcher.stop();
    const others = watchers.get(id);
    others?.delete(watcher);
    if (others?.size === 0) watchers.delete(id);
  }

  realtime.register(agentsChannel, (client: ChannelClient<typeof agentsChannel>) => {
    /** By run; without a watcher while its first page is read. */
    const own = new Map<string, Entry>();

    function drop(id: string): void {
      const entry = own.get(id);
      own.delete(id);
      if (entry?.watcher) remove(id, entry.watcher);
      entry?.unwatch();
    }

    client.onDisconnect(() => {
      for (const id of own.keys()) drop(id);
    });

    return {
      async watch({ id, after }) {
        if (!own.has(id) && own.size >= maxWatchedPerTab)
          throw new AppError("rate_limited", `One window can watch ${maxWatchedPerTab} runs`);
        const entry: Entry = { watcher: null, unwatch: link.watch(id) };
        drop(id);
        own.set(id, entry);
        const page = await events(id, { after, limit: firstPage }).catch((error: unknown) => {
          if (own.get(id) === entry) drop(id);
          throw error;
        });
        if (own.get(id) !== entry) return page; // given up, or asked for again, meanwhile
        const watcher = createRunWatcher({
          after: page.events.at(-1)?.number ?? after,
          read: (from, limit) => events(id, { after: from, limit }),
          emit: (fresh) => {
            client.emit("events", { id, events: fresh });
          },
          bufferedBytes: () => client.bufferedBytes(),
          onFailure: (error) => {
            logger.debug("Events of a run could not be read", { run: id, problem: String(error) });
          },
        });
        entry.watcher = watcher;
        add(id, watcher);
        // Behind the reply: what came while the page was read, and what did not fit into it.
        setImmediate(() => {
          watcher.catchUp();
        });
        return page;
      },
      unwatch({ id }) {
        drop(id);
        return null;
      },
    };
  });

  const stops = [
    link.onMessage((message) => {
      if (message.kind !== "events" && message.kind !== "watched") return;
      for (const watcher of watchers.get(message.id) ?? [])
        if (message.kind === "events") watcher.push(message.events);
        else watcher.catchUp();
    }),
    link.onState((isUp) => {
      if (!isUp) return;
      for (const watched of watchers.values()) for (const watcher of watched) watcher.catchUp();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    for (const watched of watchers.values()) for (const watcher of watched) watcher.stop();
  };
}
