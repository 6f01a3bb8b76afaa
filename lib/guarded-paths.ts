import { isAbsolute, relative, resolve, sep } from "node:path";

/** Names of files and folders, wherever they stand, that decide what shells, editors and agents run later. */
const guarded = new Set([
  ".bash_login",
  ".bash_profile",
  ".bashrc",
  ".claude",
  ".codex",
  ".continue",
  ".cursor",
  ".cursorrules",
  ".devcontainer",
  ".envrc",
  ".fleet",
  ".gemini",
  ".githooks",
  ".goose",
  ".husky",
  ".idea",
  ".junie",
  ".mcp.json",
  ".opencode",
  ".profile",
  ".qwen",
  ".roo",
  ".vscode",
  ".windsurf",
  ".zed",
  ".zlogin",
  ".zprofile",
  ".zshenv",
  ".zshrc",
  "agents.md",
  "claude.md",
  "gemini.md",
  "lefthook.yml",
  "mise.toml",
  "opencode.json",
  "opencode.jsonc",
]);

/** Whether a path leads into a `.git`: hooks, configuration, what git takes for true. No agent writes there. */
export function isGitOwn(folder: string, path: string): boolean {
  return partsOf(folder, path).includes(".git");
}

/** What an agent is told that would write there. */
export function gitOwnText(path: string): string {
  return `${path} belongs to git: agents do not write there`;
}

/** Whether a change of this file may make another program run something later, so that it is always asked for. */
export function isGuarded(folder: string, path: string): boolean {
  return partsOf(folder, path).some((part) => part === ".git" || guarded.has(part));
}

/** Lower case, because some disks do not tell cases apart. */
function partsOf(folder: string, path: string): string[] {
  const way = relative(folder, resolve(folder, path));
  const inside = way.startsWith("..") || isAbsolute(way) ? path : way;
  return inside.split(sep).map((part) => part.toLowerCase());
}
