/** A pane shows one session; a split divides its place between two. */
export type PaneNode =
  | { kind: "pane"; session: string }
  | { kind: "split"; direction: "row" | "column"; ratio: number; first: PaneNode; second: PaneNode };

export interface Tab {
  id: string;
  root: PaneNode;
  /** Session that has the focus in this tab. */
  focused: string;
}

export type Layout = readonly Tab[];

const ratioLimits = { least: 0.15, most: 0.85 };

/** Sessions of a tab from left to right and top to bottom. */
export function sessionsOf(node: PaneNode): string[] {
  return node.kind === "pane" ? [node.session] : [...sessionsOf(node.first), ...sessionsOf(node.second)];
}

/** The tab that shows a session. */
export function tabOf(layout: Layout, session: string): Tab | undefined {
  return layout.find((tab) => sessionsOf(tab.root).includes(session));
}

/** Adds a tab for a session; a session that is shown already keeps its place. */
export function addTab(layout: Layout, session: string): Layout {
  if (tabOf(layout, session)) return layout;
  return [...layout, { id: session, root: { kind: "pane", session }, focused: session }];
}

/** Divides the pane of `session` and shows `added` beside or below it. */
export function splitPane(layout: Layout, session: string, added: string, direction: "row" | "column"): Layout {
  return layout.map((tab) => {
    if (!sessionsOf(tab.root).includes(session)) return tab;
    return { ...tab, focused: added, root: replacePane(tab.root, session, added, direction) };
  });
}

function replacePane(node: PaneNode, session: string, added: string, direction: "row" | "column"): PaneNode {
  if (node.kind === "split") {
    const first = replacePane(node.first, session, added, direction);
    return {
      ...node,
      first,
      second: first === node.first ? replacePane(node.second, session, added, direction) : node.second,
    };
  }
  if (node.session !== session) return node;
  return { kind: "split", direction, ratio: 0.5, first: node, second: { kind: "pane", session: added } };
}

/** Takes a session out; its neighbour gets the place, an empty tab goes. */
export function removeSession(layout: Layout, session: string): Layout {
  return layout.flatMap((tab) => {
    const root = withoutSession(tab.root, session);
    if (root === null) return [];
    if (root === tab.root) return [tab];
    const left = sessionsOf(root);
    return [{ ...tab, root, focused: left.includes(tab.focused) ? tab.focused : (left[0] ?? "") }];
  });
}

function withoutSession(node: PaneNode, session: string): PaneNode | null {
  if (node.kind === "pane") return node.session === session ? null : node;
  const first = withoutSession(node.first, session);
  const second = withoutSession(node.second, session);
  if (first === null) return second;
  if (second === null) return first;
  return first === node.first && second === node.second ? node : { ...node, first, second };
}

/** Moves the border of the split at `path` ("" the outermost, then "1" or "2" per level). */
export function setRatio(node: PaneNode, path: string, ratio: number): PaneNode {
  if (node.kind === "pane") return node;
  if (path === "") return { ...node, ratio: Math.min(ratioLimits.most, Math.max(ratioLimits.least, ratio)) };
  const rest = path.slice(1);
  return path.startsWith("1")
    ? { ...node, first: setRatio(node.first, rest, ratio) }
    : { ...node, second: setRatio(node.second, rest, ratio) };
}

/** A stored layout without sessions that are gone; what is not a layout is an empty one. */
export function pruneLayout(stored: unknown, existing: ReadonlySet<string>): Layout {
  const tabs = Array.isArray(stored) ? (stored as unknown[]).filter(isTab) : [];
  const shown = new Set(tabs.flatMap((tab) => sessionsOf(tab.root)));
  return [...shown].reduce<Layout>(
    (layout, session) => (existing.has(session) ? layout : removeSession(layout, session)),
    tabs,
  );
}

function isTab(value: unknown): value is Tab {
  if (typeof value !== "object" || value === null) return false;
  const { id, root, focused } = value as Partial<Tab>;
  return typeof id === "string" && typeof focused === "string" && isNode(root, 0);
}

function isNode(value: unknown, depth: number): value is PaneNode {
  if (typeof value !== "object" || value === null || depth > 8) return false;
  const node = value as {
    kind?: unknown;
    session?: unknown;
    ratio?: unknown;
    direction?: unknown;
    first?: unknown;
    second?: unknown;
  };
  if (node.kind === "pane") return typeof node.session === "string";
  const isSplit = node.kind === "split" && typeof node.ratio === "number";
  return (
    isSplit &&
    (node.direction === "row" || node.direction === "column") &&
    isNode(node.first, depth + 1) &&
    isNode(node.second, depth + 1)
  );
}
