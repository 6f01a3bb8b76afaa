import { isDeepStrictEqual } from "node:util";

import type { StoredSecret } from "../../../../lib/secret-box.ts";
import type { SignInRecord } from "../connector-files.ts";
import type { Signed } from "./sign-in-book.ts";

type Current = NonNullable<SignInRecord["current"]>;

interface Unsaved {
  /** The sealed token on disk that these came instead of: of no other one they are the next. */
  over: StoredSecret;
  fresh: Pick<Current, "access" | "refresh" | "scope" | "until" | "ended" | "missing">;
}

/** Renewed tokens, sealed, that could not be written down yet. */
export interface UnsavedTokens {
  keep(connector: Signed, tokens: Unsaved): void;
  of(connector: Signed): Unsaved | null;
  /** What is on disk as it counts. */
  over(connector: Signed, current: Current): Current;
  /** These, when no newer ones came meanwhile. */
  drop(connector: Signed, tokens: Unsaved | null): void;
  connectors(): Signed[];
}

export function createUnsavedTokens(): UnsavedTokens {
  const kept = new Map<string, { connector: Signed; tokens: Unsaved }>();
  const of = ({ id }: Signed): Unsaved | null => kept.get(id)?.tokens ?? null;
  return {
    of,
    keep(connector, tokens) {
      kept.set(connector.id, { connector, tokens });
    },
    over(connector, current) {
      const found = of(connector);
      return found !== null && isDeepStrictEqual(found.over, current.access) ? { ...current, ...found.fresh } : current;
    },
    drop(connector, tokens) {
      if (tokens !== null && of(connector) === tokens) kept.delete(connector.id);
    },
    connectors: () => [...kept.values()].map(({ connector }) => connector),
  };
}
