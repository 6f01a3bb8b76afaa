import { createObservable } from "./observable.ts";

/** What the header says about the page shown. */
export interface PageMeta {
  readonly title: string;
  readonly parents: readonly { label: string; to: string }[];
}

/** Set by `Page`, read by the header. */
export const pageMeta = createObservable<PageMeta>({ title: "", parents: [] });
