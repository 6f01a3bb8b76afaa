import type { ReviewFile } from "../../../../contract/features/reviews.ts";

/** One row of the tree of changed files: a folder's heading or a file. */
export type TreeRow =
  { kind: "folder"; name: string; depth: number } | { kind: "file"; name: string; depth: number; file: ReviewFile };

interface Folder {
  folders: Map<string, Folder>;
  files: ReviewFile[];
}

/** Files as a tree, folders with nothing but one folder in them in one row: "src/app/pages". */
export function treeRows(files: readonly ReviewFile[]): TreeRow[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
    let folder = root;
    for (const part of file.path.split("/").slice(0, -1)) {
      const next = folder.folders.get(part) ?? { folders: new Map<string, Folder>(), files: [] };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.push(file);
  }
  return rowsOf(root, 0);
}

function rowsOf(folder: Folder, depth: number): TreeRow[] {
  const below = [...folder.folders]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([name, inner]): TreeRow[] => {
      const [joined, last] = joinSingle(name, inner);
      return [{ kind: "folder", name: joined, depth }, ...rowsOf(last, depth + 1)];
    });
  const own = folder.files
    .toSorted((one, other) => one.path.localeCompare(other.path))
    .map((file): TreeRow => ({ kind: "file", name: nameOf(file.path), depth, file }));
  return [...below, ...own];
}

function joinSingle(name: string, folder: Folder): [string, Folder] {
  const [only] = folder.folders;
  if (folder.files.length > 0 || folder.folders.size !== 1 || !only) return [name, folder];
  return joinSingle(`${name}/${only[0]}`, only[1]);
}

/** "c.ts" of "a/b/c.ts". */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Files in the order of the tree, which is that of "next" and "previous". */
export function filesInOrder(files: readonly ReviewFile[]): ReviewFile[] {
  return treeRows(files).flatMap((row) => (row.kind === "file" ? [row.file] : []));
}
