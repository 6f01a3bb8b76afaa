/** Something about a data file the user should know; it stays listed until it no longer holds. */
export interface StoreProblem {
  /** Absolute path of the file or folder. */
  file: string;
  kind:
    "damaged" | "missing" | "invalid_edit" | "bad_entries" | "newer_version" | "unwritable" | "lock_lost" | "set_aside";
  /** One sentence for the user: what is wrong, what is in force now, what can be done. */
  message: string;
  /** ISO 8601 UTC. */
  since: string;
  /** Where the unreadable content was kept, `null` when it is still in place. */
  keptAs: string | null;
}
