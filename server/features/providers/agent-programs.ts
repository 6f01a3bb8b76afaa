import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import type { AgentKind } from "../../../contract/features/providers.ts";
import { findProgram } from "../../../lib/processes/find-program.ts";

/** How an agent program is called, installed and recognised as logged in. */
export interface AgentProgram {
  label: string;
  /** Run headless: program and fixed arguments; the engine adds the rest. */
  cli: readonly string[];
  /** Over the Agent Client Protocol, natively or by its published adapter; `null` when it does not speak it. */
  acp: readonly string[] | null;
  cliInstall: string;
  acpInstall: string;
  /** Files below the home folder that hold its own login, and variables that stand for one. */
  loginFiles: readonly string[];
  loginVariables: readonly string[];
}

/** The agent programs whose command lines are known. */
export const agentPrograms: Record<Exclude<AgentKind, "custom">, AgentProgram> = {
  claude: {
    label: "Claude Code",
    cli: ["claude"],
    acp: ["claude-agent-acp"],
    cliInstall: "npm install -g @anthropic-ai/claude-code",
    acpInstall: "npm install -g @agentclientprotocol/claude-agent-acp",
    loginFiles: [".claude/.credentials.json"],
    loginVariables: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
  },
  codex: {
    label: "Codex",
    cli: ["codex"],
    acp: ["codex-acp"],
    cliInstall: "npm install -g @openai/codex",
    acpInstall: "npm install -g @agentclientprotocol/codex-acp",
    loginFiles: [".codex/auth.json"],
    loginVariables: ["OPENAI_API_KEY", "CODEX_API_KEY"],
  },
  gemini: {
    label: "Gemini CLI",
    cli: ["gemini"],
    acp: ["gemini", "--acp"],
    cliInstall: "npm install -g @google/gemini-cli",
    acpInstall: "npm install -g @google/gemini-cli",
    loginFiles: [".gemini/oauth_creds.json"],
    loginVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
  },
  opencode: {
    label: "OpenCode",
    cli: ["opencode"],
    acp: ["opencode", "acp"],
    cliInstall: "npm install -g opencode-ai",
    acpInstall: "npm install -g opencode-ai",
    loginFiles: [".local/share/opencode/auth.json"],
    loginVariables: ["OPENCODE_API_KEY"],
  },
  cursor: {
    label: "Cursor Agent",
    cli: ["cursor-agent"],
    acp: ["cursor-agent", "acp"],
    cliInstall: "See the installation page of Cursor's command line",
    acpInstall: "See the installation page of Cursor's command line",
    loginFiles: [".config/cursor/auth.json"],
    loginVariables: ["CURSOR_API_KEY"],
  },
  qwen: {
    label: "Qwen Code",
    cli: ["qwen"],
    acp: ["qwen", "--acp"],
    cliInstall: "npm install -g @qwen-code/qwen-code",
    acpInstall: "npm install -g @qwen-code/qwen-code",
    loginFiles: [".qwen/oauth_creds.json"],
    loginVariables: ["DASHSCOPE_API_KEY"],
  },
  goose: {
    label: "Goose",
    cli: ["goose"],
    acp: ["goose", "acp"],
    cliInstall: "See the installation page of Goose",
    acpInstall: "See the installation page of Goose",
    loginFiles: [],
    loginVariables: [],
  },
  junie: {
    label: "Junie",
    cli: ["junie"],
    acp: ["junie", "--acp=true"],
    cliInstall: "npm install -g @jetbrains/junie",
    acpInstall: "npm install -g @jetbrains/junie",
    loginFiles: [],
    loginVariables: ["JUNIE_API_KEY"],
  },
};

/** Where installers put programs that a service's own PATH often lacks, below the home folder or absolute. */
const furtherFolders = [
  ".local/bin",
  ".npm-global/bin",
  ".bun/bin",
  ".cargo/bin",
  ".opencode/bin",
  "/opt/homebrew/bin",
  "/usr/local/bin",
];

export interface ProgramSurroundings {
  variables: NodeJS.ProcessEnv;
  home?: string;
  /** Folder against which a relative path is resolved. */
  cwd: string;
}

/** Finds agent programs by looking for files; nothing is ever started. */
export interface ProgramFinder {
  /** Absolute path of a program, or `null`. */
  find(name: string): string | null;
  /** Whether a login was found; `null` when files cannot tell. */
  hasLogin(program: AgentProgram): boolean | null;
}

/** A finder over PATH and the places installers use. */
export function createProgramFinder({ variables, home = homedir(), cwd }: ProgramSurroundings): ProgramFinder {
  const folders = furtherFolders.map((folder) => (folder.startsWith("/") ? folder : join(home, folder)));
  return {
    find: (name) => findProgram(name, cwd, [variables["PATH"] ?? "", ...folders].join(delimiter)),
    hasLogin({ loginFiles, loginVariables }) {
      if (loginVariables.some((name) => (variables[name] ?? "") !== "")) return true;
      if (loginFiles.some((file) => existsSync(join(home, file)))) return true;
      // on a Mac some of them keep it in the key chain
      return loginFiles.length === 0 || process.platform === "darwin" ? null : false;
    },
  };
}

/** Program and fixed arguments of a provider: its own, else the known ones; empty for a custom agent without any. */
export function commandOf(record: {
  type: "cli" | "acp";
  agent: AgentKind;
  command: readonly string[];
}): readonly string[] {
  if (record.command.length > 0 || record.agent === "custom") return record.command;
  const known = agentPrograms[record.agent];
  return record.type === "cli" ? known.cli : (known.acp ?? []);
}
