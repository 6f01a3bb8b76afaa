import { createObservable } from "../../lib/observable.ts";
import { tapSticky, withModifiers, type Modifiers, type StickyState } from "./key-codes.ts";

/** Ctrl and Alt of the key bar; they belong to whichever terminal is typed into next. */
export const stickyKeys = createObservable<{ ctrl: StickyState; alt: StickyState }>({ ctrl: "off", alt: "off" });

const lastTap = { ctrl: -Infinity, alt: -Infinity };

/** A tap on Ctrl or Alt. */
export function tapModifier(name: "ctrl" | "alt", atMs: number): void {
  const current = stickyKeys.get();
  stickyKeys.set({ ...current, [name]: tapSticky(current[name], atMs - lastTap[name]) });
  lastTap[name] = atMs;
}

/** The modifiers for the next key; those tapped once are used up. */
export function takeModifiers(): Modifiers {
  const { ctrl, alt } = stickyKeys.get();
  if (ctrl === "next" || alt === "next")
    stickyKeys.set({ ctrl: ctrl === "next" ? "off" : ctrl, alt: alt === "next" ? "off" : alt });
  return { hasCtrl: ctrl !== "off", hasAlt: alt !== "off" };
}

/** Typed text with Ctrl and Alt of the key bar. */
export function applySticky(text: string): string {
  const { ctrl, alt } = stickyKeys.get();
  if (ctrl === "off" && alt === "off") return text;
  return withModifiers(text, takeModifiers());
}
