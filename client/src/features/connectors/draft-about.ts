import type { Place } from "../../lib/drafts.ts";

/** A form on the page of a connector: the tabs of that page may be changed meanwhile. */
export function draftAbout(id: string, label: string) {
  return { label, isKeptAt: ({ pathname }: Place) => pathname === `/connectors/${id}` };
}

/** Name of what is typed in that sheet. */
export const ownDraft = "own-connector";

/** A form in the sheet for connectors of one's own, which is open while the address says so. */
export function sheetAbout(pathname: string, own: "new" | "edit", label: string) {
  return { label, isKeptAt: (place: Place) => place.pathname === pathname && place.search["own"] === own };
}

/** A program, on its connector's page or in the sheet beside the list. */
export function moduleAbout(id: string) {
  const isKeptAt = ({ pathname, search }: Place): boolean =>
    pathname === `/connectors/${id}` || (pathname === "/connectors" && search["module"] === id);
  return { label: `The program of ${id}`, isKeptAt };
}
