type Scalar = string | number | boolean;
export type QueryValue = Scalar | null | undefined | readonly Scalar[];

/** Fills `:params` and appends the query; undefined and null values are left out, lists repeat their key. */
export function requestPath(
  path: string,
  params: Readonly<Record<string, Scalar>> = {},
  query: Readonly<Record<string, QueryValue>> = {},
): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`Parameter ${name} of ${path} is missing`);
    return encodeURIComponent(String(value));
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar]) {
      search.append(name, String(item));
    }
  }
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}
