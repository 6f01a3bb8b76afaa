import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";

interface Rows {
  items: Occurrence[];
  next: string | null;
}

/** The pages of a ledger after a row came or changed: in its place, or on top; gone when the filter excludes it now. */
export function putLedgerRow(pages: readonly Rows[], row: Occurrence, state: Occurrence["state"] | undefined): Rows[] {
  const fits = state === undefined || row.state === state;
  const isKnown = pages.some((page) => page.items.some(({ id }) => id === row.id));
  return pages.map((page, index) => {
    if (isKnown)
      return {
        ...page,
        items: fits
          ? page.items.map((item) => (item.id === row.id ? row : item))
          : page.items.filter(({ id }) => id !== row.id),
      };
    return index === 0 && fits ? { ...page, items: [row, ...page.items] } : page;
  });
}
