import { useSyncExternalStore, type ComponentType } from "react";

import { createObservable } from "./observable.ts";

/** Something the user can do. One registry feeds the palette, the shortcuts, the context menus and the action sheet. */
export interface Action {
  /** Unique and stable: "apps.start:blog". */
  readonly id: string;
  /** Starts with a verb: "Start blog". */
  readonly label: string;
  /** Heading in palette and shortcut sheet: "Go to", "Apps". */
  readonly group: string;
  readonly icon?: ComponentType<{ size?: number | string }>;
  /** Further words under which the palette finds it. */
  readonly keywords?: readonly string[];
  /** "g a", "mod+k", "?"; see `describeKeyPress`. */
  readonly shortcut?: string;
  /** What it acts on ("app:blog"); menus of that thing list it. */
  readonly subject?: string;
  /** Cannot be undone: shown apart and in the colour of danger. */
  readonly isDangerous?: boolean;
  /** Reachable by shortcut or menu only, never listed in the palette. */
  readonly isHidden?: boolean;
  readonly run: () => unknown;
}

export interface ActionRegistry {
  /** Adds actions; an id that exists is replaced. Returns the way to take exactly these out again. */
  register(actions: readonly Action[]): () => void;
  all(): readonly Action[];
  subscribe(listener: () => void): () => void;
}

/** Makes an empty registry. */
export function createActionRegistry(): ActionRegistry {
  const list = createObservable<readonly Action[]>([]);
  return {
    register: (actions) => {
      const ids = new Set(actions.map((action) => action.id));
      list.set([...list.get().filter((action) => !ids.has(action.id)), ...actions]);
      return () => {
        const mine = new Set(actions);
        list.set(list.get().filter((action) => !mine.has(action)));
      };
    },
    all: list.get,
    subscribe: list.subscribe,
  };
}

/** The registry of this page. Register in an effect and return what `register` returns. */
export const actionRegistry = createActionRegistry();

/** Actions on one thing, safe ones first. */
export function actionsOf(actions: readonly Action[], subject: string): Action[] {
  const own = actions.filter((action) => action.subject === subject);
  return [
    ...own.filter((action) => action.isDangerous !== true),
    ...own.filter((action) => action.isDangerous === true),
  ];
}

/** Actions by group, groups in the order in which they were first registered. */
export function groupActions(actions: readonly Action[]): { group: string; actions: Action[] }[] {
  const groups = new Map<string, Action[]>();
  for (const action of actions) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
  return [...groups].map(([group, members]) => ({ group, actions: members }));
}

/** Renders with the current actions. */
export function useActions(): readonly Action[] {
  return useSyncExternalStore(actionRegistry.subscribe, actionRegistry.all);
}

/** Finds actions that are not worth registering because there are too many of them: commands typed before, log files. */
export interface ActionSearch {
  readonly id: string;
  /** Heading of its results. */
  readonly group: string;
  /** Called for texts of two characters or more; must give up when `signal` fires. */
  readonly search: (text: string, signal: AbortSignal) => Promise<readonly Action[]>;
}

const searches = new Map<string, ActionSearch>();

/** Lets the palette ask for more. Returns the way to take it out again. */
export function registerActionSearch(search: ActionSearch): () => void {
  searches.set(search.id, search);
  return () => {
    if (searches.get(search.id) === search) searches.delete(search.id);
  };
}

/** Everything the registered searches find, in their order; one that fails finds nothing. */
export async function searchActions(text: string, signal: AbortSignal): Promise<Action[]> {
  const found = await Promise.allSettled([...searches.values()].map((item) => item.search(text, signal)));
  return found.flatMap((result) => (result.status === "fulfilled" ? [...result.value] : []));
}
