type Child = Node | string | null;

/** Makes an element; texts become text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], "style" | "dataset">> & { tone?: string } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const { tone, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  if (tone !== undefined) made.dataset["tone"] = tone;
  made.append(...children.filter((child) => child !== null));
  return made;
}
