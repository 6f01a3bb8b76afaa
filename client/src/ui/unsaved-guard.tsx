import { useBlocker } from "@tanstack/react-router";

import { dropDraft, hasDrafts, lossQuestion, lostAt, useHasDrafts } from "../lib/drafts.ts";
import { confirmDangerous } from "./confirm.ts";

/** Asks before a navigation takes away what was typed and not saved: a link, a closed sheet, the way back, the window itself. */
export function UnsavedGuard() {
  const isNeeded = useHasDrafts();
  useBlocker({ shouldBlockFn, enableBeforeUnload: hasDrafts, disabled: !isNeeded });
  return null;
}

async function shouldBlockFn({ next }: { next: { pathname: string; search: unknown } }): Promise<boolean> {
  const lost = lostAt({ pathname: next.pathname, search: textsOf(next.search) });
  if (lost.length === 0) return false;
  if (!(await confirmDangerous(lossQuestion(lost.map(({ label }) => label))))) return true;
  dropDraft(...lost.map(({ name }) => name));
  return false;
}

function textsOf(search: unknown): Record<string, string> {
  return typeof search === "object" && search !== null ? (search as Record<string, string>) : {};
}
