import { createHash } from "node:crypto";

/** Knows which messages were taken. It is filled from the log at the start, so a restart forgets none of those that are kept. */
export interface ReplayMemory {
  /**
   * Takes a message, at once: of two that come together one is new. `replay`: exactly this one was taken before. `repeated`:
   * another one that tells of the same event was.
   */
  take(hookId: string, proof: { signature: string | null; eventId: string | null }): Taken;
  /** Keys of a message that was taken before the start. */
  remember(keys: readonly string[]): void;
  /** A message that could not be kept after all. */
  forget(keys: readonly string[]): void;
}

export interface Taken {
  what: "new" | "repeated" | "replay";
  /** To be kept with the message. */
  keys: string[];
}

/** Creates an empty one. */
export function createReplayMemory(): ReplayMemory {
  const known = new Set<string>();
  return {
    take(hookId, { signature, eventId }) {
      const exact = signature === null ? [] : [keyOf(hookId, "signature", signature)];
      const event = eventId === null ? [] : [keyOf(hookId, "event", eventId)];
      if (exact.some((key) => known.has(key))) return { what: "replay", keys: [] };
      const isKnown = event.some((key) => known.has(key));
      const keys = [...exact, ...event].filter((key) => !known.has(key));
      for (const key of keys) known.add(key);
      return { what: isKnown ? "repeated" : "new", keys };
    },
    remember(keys) {
      for (const key of keys) known.add(key);
    },
    forget(keys) {
      for (const key of keys) known.delete(key);
    },
  };
}

function keyOf(hookId: string, what: "signature" | "event", text: string): string {
  return createHash("sha256").update(`${hookId}\0${what}\0${text}`).digest("base64url").slice(0, 22);
}
