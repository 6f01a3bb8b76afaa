import { hashKey } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

import { createObservable, useObservable } from "./observable.ts";
import type { SearchState } from "./search-state.ts";

/** Where a navigation leads. */
export interface Place {
  readonly pathname: string;
  readonly search: SearchState;
}

interface About {
  /** Ends the sentence "… is not saved": "The policy of Feeds". */
  readonly label: string;
  /** Whether it can still be gone on with there. */
  isKeptAt(place: Place): boolean;
}

interface Draft extends About {
  readonly value: unknown;
}

const drafts = createObservable<ReadonlyMap<string, Draft>>(new Map());

function keep(name: string, draft: Draft): void {
  drafts.set(new Map(drafts.get()).set(name, draft));
}

/** It is saved, or not wanted any more. */
export function dropDraft(...names: readonly string[]): void {
  if (!names.some((name) => drafts.get().has(name))) return;
  drafts.set(new Map([...drafts.get()].filter(([name]) => !names.includes(name))));
}

/** Names and labels of what would be lost there. */
export function lostAt(place: Place): { name: string; label: string }[] {
  return [...drafts.get()].flatMap(([name, { label, isKeptAt }]) => (isKeptAt(place) ? [] : [{ name, label }]));
}

/** Whether there is anything typed and not saved. */
export function useHasDrafts(): boolean {
  return useObservable(drafts).size > 0;
}

export function hasDrafts(): boolean {
  return drafts.get().size > 0;
}

/** What is asked before it is lost. */
export function lossQuestion(labels: readonly string[]) {
  const [first = "", ...others] = labels;
  const what = others.length === 0 ? `${first} is` : `${[first, ...others].join(", ")} are`;
  return {
    title: "Leave without saving?",
    text: `${what} not saved. What you have typed will be gone.`,
    confirmLabel: "Discard it",
    cancelLabel: "Stay",
  };
}

/**
 * What a form holds: `start` until something else is typed, then that, until it is saved or thrown away. It stays while the form is
 * not on the page, as when another tab of the page is looked at, and before it is lost one is asked.
 */
export function useDraft<T>(name: string, about: About, start: T) {
  const kept = useObservable(drafts).get(name);
  return {
    value: kept === undefined ? start : (kept.value as T),
    isUnsaved: kept !== undefined,
    set(value: T) {
      if (hashKey([value]) === hashKey([start])) dropDraft(name);
      else keep(name, { ...about, value });
    },
    drop() {
      dropDraft(name);
    },
  };
}

/** For a form that holds what is typed by itself and is gone with it: one is asked before. Answers how to let it go unasked. */
export function useUnsaved(name: string, about: About, isUnsaved: boolean): () => void {
  const latest = useRef(about);
  useEffect(() => {
    latest.current = about;
  });
  useEffect(() => {
    if (!isUnsaved) return undefined;
    keep(name, {
      label: latest.current.label,
      value: null,
      isKeptAt: (place) => latest.current.isKeptAt(place),
    });
    return () => {
      dropDraft(name);
    };
  }, [name, isUnsaved]);
  return useCallback(() => {
    dropDraft(name);
  }, [name]);
}
