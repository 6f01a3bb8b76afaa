/** Joins texts to one in which each sentence ends: what went wrong, and what can be done about it. Empty ones are left out. */
export function sentences(...parts: readonly (string | null | undefined)[]): string {
  return parts
    .flatMap((part) => {
      const text = part?.trim() ?? "";
      return text === "" ? [] : [/[.!?…:]["'”’)]?$/.test(text) ? text : `${text}.`];
    })
    .join(" ");
}
