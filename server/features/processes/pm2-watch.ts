import type { ProcessSnapshot } from "../../../contract/features/processes.ts";
import type { Logger } from "../../../lib/logger.ts";
import { unmanagedAdvice } from "./unmanaged.ts";

export interface Pm2WatchOptions {
  snapshots: { current(): ProcessSnapshot; onEvent(listener: () => void): () => void };
  notifications: {
    notify(notice: {
      level: "error" | "warning";
      title: string;
      message: string;
      link: string;
      key: string;
      needsYou: boolean;
    }): Promise<unknown>;
    settle(key: string): Promise<void>;
  };
  report: (error: { source: string; message: string; hint?: string; link?: string }) => void;
  logger: Logger;
  /** A PM2 that ends because everything is stopped takes us with it within this time. */
  graceMs?: number;
}

const goneKey = "pm2-gone";
const unmanagedKey = "pm2-unmanaged";

/**
 * Says at once that PM2 is gone, and afterwards which apps still run without it. A PM2 that was never there is not
 * missed: then this process was started without one. Returns how to stop.
 */
export function watchPm2(options: Pm2WatchOptions): () => void {
  const { snapshots, notifications, report, logger, graceMs = 1_000 } = options;
  let wasUp = false;
  let timer: NodeJS.Timeout | undefined;
  let told = "";

  function attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      logger.error("The state of PM2 could not be announced", {}, error);
    });
  }

  function tellGone(): void {
    const title = "PM2, the process manager, is gone or does not answer";
    const message =
      "What runs goes on, but nothing restarts it, what it prints is lost, and nothing can be started. Bring it up again on the System page, or run npm start on the machine.";
    logger.error(title);
    report({ source: title, message, link: "/system" });
    attempt(notifications.notify({ level: "error", title, message, link: "/system", key: goneKey, needsYou: true }));
  }

  function tellUnmanaged(names: readonly string[]): void {
    const now = names.join(", ");
    if (now === told) return;
    told = now;
    if (names.length === 0) return attempt(notifications.settle(unmanagedKey));
    const notice = unmanagedAdvice(names);
    attempt(notifications.notify({ level: "warning", ...notice, link: "/apps", key: unmanagedKey, needsYou: true }));
  }

  function look(): void {
    const { homes, processes } = snapshots.current();
    const isUp = homes.find(({ home }) => home === "portos")?.isUp ?? false;
    if (isUp) {
      clearTimeout(timer);
      timer = undefined;
      if (!wasUp) attempt(notifications.settle(goneKey));
      const left = processes.filter(({ unmanagedSince, owner }) => unmanagedSince !== null && owner.kind !== "portos");
      tellUnmanaged(left.map(({ name }) => name).toSorted());
    } else if (wasUp) timer = setTimeout(tellGone, graceMs);
    wasUp = isUp;
  }

  const stop = snapshots.onEvent(look);
  return () => {
    stop();
    clearTimeout(timer);
  };
}
