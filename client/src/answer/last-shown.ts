import type { Approval } from "../../../contract/features/approvals.ts";

const name = "portos.answer";

/** Remembers the question on show, so that it can be read again without a network. */
export function rememberShown(approval: Approval): void {
  try {
    localStorage.setItem(name, JSON.stringify({ approval, at: Date.now() }));
  } catch {
    return; // storage is full or off: then it is gone with the network
  }
}

/** What was shown last, if it was this. */
export function lastShown(id: string): { approval: Approval; at: number } | null {
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "null") as { approval: Approval; at: number } | null;
    return kept?.approval.id === id ? kept : null;
  } catch {
    return null; // written by another version
  }
}
