/** Which addresses may be dialled for a URL, or why it must not be called. */
export type GuardVerdict =
  | { ok: true; addresses: readonly string[] }
  /** `isUnreachable`: nothing forbids it, its name has no address just now. */
  | { ok: false; reason: string; isUnreachable?: boolean };

/** What may be called. Each redirect is judged again, and only the addresses given here are dialled. */
export interface Guard {
  judge(url: URL): GuardVerdict | Promise<GuardVerdict>;
}
