import type { Pm2Event, Pm2HomeName, Pm2ProcessEvent } from "../lib/processes/pm2-types.ts";

/** A process that ended without having been asked to. */
export interface UnaskedEnd {
  home: Pm2HomeName;
  pmId: number;
  name: string;
  namespace: string;
  code: number | null;
  /** PM2 will not restart it any more. */
  isGivenUp: boolean;
  at: number;
}

/**
 * Tells crashes from stops in the events of PM2's bus. A stop is an `exit` while `stopping`, followed by a second `exit`
 * as `stopped`; a crash is an `exit` that no stop came before.
 */
export function createExitWatch(onEnd: (end: UnaskedEnd) => void, onOther: (event: Pm2ProcessEvent) => void) {
  const stopping = new Set<string>();

  return (event: Pm2Event): void => {
    if (event.kind === "link") stopping.clear();
    if (event.kind !== "process") return;
    const { pmId, name, namespace, status } = event.process;
    const id = `${event.home}:${pmId}`;
    if (event.event !== "exit") {
      if (event.event === "online" || event.event === "start") stopping.delete(id);
      onOther(event);
    } else if (status === "stopping") stopping.add(id);
    else if (!stopping.delete(id)) {
      const isGivenUp = status === "errored";
      const at = event.at > 0 ? event.at : Date.now();
      onEnd({ home: event.home, pmId, name, namespace, code: event.exitCode, isGivenUp, at });
    } else onOther(event);
  };
}
