import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";

type Listed = Pick<ConnectorStatus, "id" | "title" | "description" | "isBuiltIn">;

/** The connectors in which every word is found, by name: those that are built in, and one's own. */
export function catalogueOf<C extends Listed>(connectors: readonly C[], text: string): { builtIn: C[]; own: C[] } {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = connectors
    .filter(({ id, title, description }) => {
      const all = `${id} ${title} ${description}`.toLowerCase();
      return words.every((word) => all.includes(word));
    })
    .toSorted((one, other) => one.title.localeCompare(other.title, "en"));
  return {
    builtIn: found.filter(({ isBuiltIn }) => isBuiltIn),
    own: found.filter(({ isBuiltIn }) => !isBuiltIn),
  };
}
