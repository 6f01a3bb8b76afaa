import { AppError } from "../../../lib/app-error.ts";
import type { AnyConnector } from "./define-connector.ts";

/** The connectors there are. */
export interface ConnectorRegistry {
  get(id: string): AnyConnector | undefined;
  /** By title. */
  list(): AnyConnector[];
  /** Throws `conflict` when there is one with this id. */
  add(connector: AnyConnector): void;
  /** As `add`, in the place of one that was added before; those built in stay. */
  replace(connector: AnyConnector): void;
  /** Those built in stay. */
  remove(id: string): void;
  isBuiltIn(id: string): boolean;
  /** Answers how to stop that. */
  onChange(listener: () => void): () => void;
}

/** Begins with those built in. */
export function createRegistry(builtIn: readonly AnyConnector[]): ConnectorRegistry {
  const connectors = new Map<string, AnyConnector>();
  const fixed = new Set(builtIn.map(({ id }) => id));
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const put = (connector: AnyConnector): void => {
    if (fixed.has(connector.id)) throw taken(connector.id);
    connectors.set(connector.id, connector);
    tell();
  };
  for (const connector of builtIn) {
    if (connectors.has(connector.id)) throw new Error(`There are two connectors ${connector.id}`);
    connectors.set(connector.id, connector);
  }
  return {
    get: (id) => connectors.get(id),
    list: () => [...connectors.values()].toSorted((a, b) => a.title.localeCompare(b.title, "en")),
    add(connector) {
      if (connectors.has(connector.id)) throw taken(connector.id);
      put(connector);
    },
    replace: put,
    remove(id) {
      if (!fixed.has(id) && connectors.delete(id)) tell();
    },
    isBuiltIn: (id) => fixed.has(id),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function taken(id: string): AppError {
  return new AppError("conflict", `There is a connector ${id} already`, { hint: "Give it another id." });
}
