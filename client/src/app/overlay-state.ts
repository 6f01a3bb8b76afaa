import { createObservable } from "../lib/observable.ts";

/** What lies over the page. */
export type Overlay = "none" | "palette" | "shortcuts" | "notifications";

/** One at a time; everything that opens or closes an overlay sets this. */
export const overlay = createObservable<Overlay>("none");
