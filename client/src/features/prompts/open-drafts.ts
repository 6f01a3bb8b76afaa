import { useSyncExternalStore } from "react";

import { createObservable } from "../../lib/observable.ts";
import type { OpenDraft } from "./prompt-draft.ts";

/** Changes that are not saved, by prompt: they outlive leaving the page, not closing the tab. */
const drafts = createObservable<Readonly<Record<string, OpenDraft>>>({});

/** Keeps or, with `null`, drops what is being edited. */
export function setOpenDraft(id: string, draft: OpenDraft | null): void {
  const { [id]: _before, ...others } = drafts.get();
  drafts.set(draft === null ? others : { ...others, [id]: draft });
}

/** What is being edited of a prompt. */
export function useOpenDraft(id: string): OpenDraft | null {
  return useSyncExternalStore(drafts.subscribe, drafts.get)[id] ?? null;
}
