/** The folders a relative path lies in, the outermost first: "a" and "a/b" of "a/b/c". */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
