import type { AgentKind } from "../../../contract/features/providers.ts";

/** What a program keeps in the home folder, relative to it. */
interface AgentFolders {
  /** Its own state: sessions, logins, caches. Made when missing if it ends with a slash. */
  writable: readonly string[];
  /** Settings in there that decide what it runs: read-only where they exist. */
  settings: readonly string[];
}

const none: AgentFolders = { writable: [], settings: [] };

const openCode: AgentFolders = {
  writable: [".local/share/opencode/", ".local/state/opencode/", ".cache/opencode/"],
  settings: [],
};

const folders: Partial<Record<AgentKind, AgentFolders>> = {
  claude: {
    writable: [".claude/", ".claude.json"],
    settings: [
      ".claude/CLAUDE.md",
      ".claude/agents",
      ".claude/commands",
      ".claude/hooks",
      ".claude/plugins",
      ".claude/settings.json",
      ".claude/settings.local.json",
      ".claude/skills",
    ],
  },
  codex: {
    writable: [".codex/"],
    settings: [".codex/AGENTS.md", ".codex/config.toml", ".codex/prompts", ".codex/rules", ".codex/skills"],
  },
  gemini: {
    writable: [".gemini/"],
    settings: [".gemini/GEMINI.md", ".gemini/commands", ".gemini/extensions", ".gemini/settings.json"],
  },
  qwen: {
    writable: [".qwen/"],
    settings: [".qwen/QWEN.md", ".qwen/commands", ".qwen/extensions", ".qwen/settings.json"],
  },
  opencode: openCode,
  cursor: {
    writable: [".cursor/", ".config/cursor/"],
    settings: [".cursor/cli-config.json", ".cursor/extensions", ".cursor/mcp.json", ".cursor/rules"],
  },
  goose: { writable: [".local/share/goose/", ".local/state/goose/"], settings: [] },
  junie: { writable: [".junie/"], settings: [".junie/guidelines.md", ".junie/mcp"] },
};

/** Where a program keeps what it must be able to write; nothing for one that is not known. */
export function agentFolders(agent: AgentKind | null): AgentFolders {
  return agent === null ? none : (folders[agent] ?? none);
}

/** Caches of package managers: each sandbox has empty ones of its own, so that nothing it puts there is used outside. */
export const cachesInHome: readonly string[] = [".cache", ".npm", ".yarn"];
