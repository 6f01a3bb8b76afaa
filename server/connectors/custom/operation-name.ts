/** Words of others as the name of an operation: "Get_Issue.v2" → "get-issue-v2". `fallback` when nothing is left of them. */
export function operationNameOf(words: string, fallback: string): string {
  const name = words
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  return (name === "" ? fallback : name).slice(0, 52).replace(/-+$/, "");
}

/** The name itself, or with a number behind it when it is taken; it is taken from now on. */
export function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${String(number)}`;
  taken.add(name);
  return name;
}
