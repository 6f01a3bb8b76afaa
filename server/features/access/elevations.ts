import { createHash, randomBytes } from "node:crypto";

import type { Clock } from "../../../lib/clock.ts";

/** Browsers that have entered the PIN; kept in memory only, so a restart asks for it again. */
export interface Elevations {
  /** Opens one browser of a caller and returns the token that goes into its cookie. */
  open(key: string, minutes: number): string;
  /** When the elevation of a token ends, in milliseconds since 1970; `null` when it has none, or belongs to another caller. */
  openUntil(token: string | null, key: string): number | null;
  close(token: string): void;
  closeAll(): void;
}

const maxOpen = 1_000;

/** See `Elevations`. A token is looked up by its hash, so that the time of a look-up tells nothing about it. */
export function createElevations(clock: Clock): Elevations {
  const open = new Map<string, { key: string; until: number; untilMonotonic: number }>();

  function drop(): void {
    const now = clock.monotonic();
    for (const [hash, { untilMonotonic }] of open) if (untilMonotonic <= now) open.delete(hash);
    for (const hash of open.keys()) {
      if (open.size < maxOpen) return;
      open.delete(hash);
    }
  }

  return {
    open(key, minutes) {
      drop();
      const token = randomBytes(32).toString("base64url");
      const forMs = minutes * 60_000;
      open.set(hashOf(token), { key, until: clock.now() + forMs, untilMonotonic: clock.monotonic() + forMs });
      return token;
    },
    openUntil(token, key) {
      const found = token === null ? undefined : open.get(hashOf(token));
      if (!found || found.key !== key || found.untilMonotonic <= clock.monotonic()) return null;
      return found.until;
    },
    close: (token) => void open.delete(hashOf(token)),
    closeAll: () => {
      open.clear();
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
