/** What was said of fields that are still as they were sent: whoever has changed one need not read on what was wrong with it. */
export function standingErrors(
  errors: Readonly<Record<string, string>>,
  sent: unknown,
  draft: unknown,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(errors).filter(([path]) => {
      const parts = path.split(".");
      return JSON.stringify(valueAt(sent, parts)) === JSON.stringify(valueAt(draft, parts));
    }),
  );
}

/** `undefined` where there is nothing. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  let found: unknown = value;
  for (const part of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}
