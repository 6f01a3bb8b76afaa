/** Why a request of a page was not made, or came to nothing. */
export type Unmade = "method" | "refused" | "limit" | "failed";

/** What of a page was left out, for whoever gets it. */
export interface PageTally {
  /** `what`: the method, else the host. */
  count(why: Unmade, what: string): void;
  made(): void;
  /** How many were made, and how many not. */
  counts(): { made: number; unmade: number };
  /** A sentence for each reason. */
  warnings(): string[];
}

const words: Readonly<Record<Unmade, string>> = {
  method: "that would have sent something, and were not made",
  refused: "that the guard or the policy refused",
  limit: "that were beyond what one page may load",
  failed: "that failed",
};
const named = 5;

/** Creates an empty one. */
export function createPageTally(): PageTally {
  const counts = new Map<Unmade, { many: number; whats: Set<string> }>();
  let made = 0;
  return {
    made() {
      made += 1;
    },
    counts: () => ({ made, unmade: [...counts.values()].reduce((sum, { many }) => sum + many, 0) }),
    count(why, what) {
      const entry = counts.get(why) ?? { many: 0, whats: new Set() };
      entry.many += 1;
      if (entry.whats.size <= named) entry.whats.add(what.slice(0, 100));
      counts.set(why, entry);
    },
    warnings() {
      return [...counts].map(([why, { many, whats }]) => {
        const list = [...whats].slice(0, named).join(", ") + (whats.size > named ? " and others" : "");
        return `Requests of the page ${words[why]}: ${many} (${list}).`;
      });
    },
  };
}
