import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import { isPlainFolder, openFolder } from "../../../lib/folder-reader.ts";

export interface FolderListing {
  parent: string;
  isFolder: boolean;
  folders: { name: string; path: string; isProject: boolean }[];
  isCut: boolean;
}

const maxFolders = 200;
/** Files that say "somebody develops here". */
const projectFiles = [
  "package.json",
  "pyproject.toml",
  "requirements.txt",
  "go.mod",
  "Cargo.toml",
  "Gemfile",
  "composer.json",
  "deno.json",
  "Procfile",
  "compose.yaml",
  "docker-compose.yml",
  ".git",
];

/**
 * Folders that complete what is typed: those in the folder itself when it ends with a slash or is one, else those beside
 * it whose name begins alike. Names of folders only, no file is told.
 */
export async function listFolders(typed: string, home: string): Promise<FolderListing> {
  const path = absolute(typed, home);
  const wantsContent = typed === "" || typed === "~" || /[\\/]$/.test(typed);
  const parent = wantsContent ? path : dirname(path);
  const beginning = wantsContent ? "" : (path.split("/").at(-1) ?? "");
  const isFolder = await isPlainFolder(await realpath(path).catch(() => path));
  const folder = await openFolder(parent).catch((error: unknown) => {
    if (error instanceof AppError) return null;
    throw error;
  });
  if (folder === null) return { parent, isFolder, folders: [], isCut: false };
  const matching = (await folder.list()).filter(
    ({ name, isFolder: isInner }) =>
      isInner &&
      name.toLowerCase().startsWith(beginning.toLowerCase()) &&
      (beginning.startsWith(".") || !name.startsWith(".")) &&
      name !== "node_modules",
  );
  const shown = matching.slice(0, maxFolders);
  const folders = await Promise.all(
    shown.map(async ({ name }) => {
      const inner = join(folder.root, name);
      return { name, path: inner, isProject: await isProject(inner) };
    }),
  );
  return { parent: folder.root, isFolder, folders, isCut: matching.length > shown.length };
}

function absolute(typed: string, home: string): string {
  const text = typed.trim();
  if (text === "" || text === "~") return home;
  if (text.startsWith("~/")) return normalize(join(home, text.slice(2)));
  if (!isAbsolute(text) || text.includes("\0")) throw new AppError("invalid_request", "Type an absolute path or ~/…");
  return normalize(text).replace(/(.)\/$/, "$1");
}

async function isProject(path: string): Promise<boolean> {
  try {
    const names = new Set((await (await openFolder(path)).list()).map(({ name }) => name));
    return projectFiles.some((name) => names.has(name));
  } catch {
    return false; // not ours to open
  }
}
