import type { XtermView } from "./xterm-view.ts";

/** What toolbar, key bar and palette can do with the terminal that has the focus. */
export interface PaneControl {
  session: string;
  view: XtermView;
  /** Sends text as if it had been typed. */
  type(text: string): void;
  paste(text: string): void;
  focus(): void;
}

const controls = new Map<string, PaneControl>();
const listeners = new Set<() => void>();

/** Makes a pane reachable; returns how to take it out. */
export function registerPane(control: PaneControl): () => void {
  controls.set(control.session, control);
  for (const listener of listeners) listener();
  return () => {
    if (controls.get(control.session) === control) controls.delete(control.session);
    for (const listener of listeners) listener();
  };
}

/** The pane that shows a session, once its terminal is there. */
export function paneOf(session: string): PaneControl | undefined {
  return controls.get(session);
}

/** Calls `listener` when panes come and go. */
export function onPanes(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let focusedSession: string | null = null;

/** Remembers which session was worked in last on this page. */
export function setFocusedPane(session: string | null): void {
  focusedSession = session;
}

/** The terminal that is worked in, while it is on the page. */
export function focusedPane(): PaneControl | undefined {
  return focusedSession === null ? undefined : controls.get(focusedSession);
}
