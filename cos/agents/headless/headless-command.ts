import type { AgentKind } from "../../../contract/features/providers.ts";
import type { HeadlessTools } from "../own-tools.ts";
import type { Budget, PermissionMode } from "../../../contract/features/runs.ts";

export interface HeadlessRequest {
  agent: AgentKind;
  /** Absolute path and fixed arguments. */
  command: readonly string[];
  model: string | null;
  permissionMode: PermissionMode;
  budget: Budget;
  /** Session to go on with. */
  agentSessionId: string | null;
  folder: string;
  /** A further folder it may read, for agents that keep to the one they work in; `null` for none. */
  readable?: string | null;
  text: string;
  /** Arguments that give it the tools of PortOS. */
  tools?: Pick<HeadlessTools, "args"> | null;
}

export interface HeadlessCommand {
  file: string;
  args: string[];
  /** Added to the environment where it says nothing else. */
  env: Record<string, string>;
  /** The prompt is read from standard input; else it is one of the arguments. */
  isPromptPiped: boolean;
}

/** One argument may have 128 KiB (Linux, MAX_ARG_STRLEN). */
const longestArgument = 120 * 1024;

/** How a program is told to work alone, write JSON lines and stay within the permission mode. */
export function headlessCommand(request: HeadlessRequest): HeadlessCommand {
  const [file = "", ...fixed] = request.command;
  const build = builders[request.agent];
  if (!build) throw new Error(`${request.agent} has no headless mode`);
  const { args, env = {}, isPromptPiped } = build(request);
  return { file, args: [...fixed, ...args], env, isPromptPiped };
}

/** Whether a prompt is too long for a program that takes it as an argument only. */
export function isTooLongForArgument(text: string): boolean {
  return Buffer.byteLength(text) > longestArgument;
}

type Builder = (request: HeadlessRequest) => {
  args: string[];
  env?: Record<string, string>;
  isPromptPiped: boolean;
};

const builders: Partial<Record<AgentKind, Builder>> = {
  claude: claudeArguments,
  codex: codexArguments,
  gemini: geminiArguments,
  qwen: geminiArguments,
  opencode: openCodeArguments,
  cursor: cursorArguments,
};

function option(name: string, value: string | number | null): string[] {
  return value === null ? [] : [name, String(value)];
}

function claudeArguments(request: HeadlessRequest) {
  const { model, permissionMode, budget, agentSessionId, readable = null, tools } = request;
  const mode = { ask: "plan", "ask-writes": "default", "free-in-folder": "acceptEdits", free: "bypassPermissions" };
  return {
    args: [
      "-p",
      "--output-format",
      "stream-json",
      "--verbose",
      "--include-partial-messages",
      ...option("--add-dir", readable),
      ...(tools?.args ?? []),
      "--permission-mode",
      mode[permissionMode],
      ...option("--model", model),
      ...option("--max-budget-usd", budget.costUsd),
      ...option("--max-turns", budget.turns),
      ...option("--resume", agentSessionId),
    ],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_TELEMETRY: "1", DISABLE_AUTOUPDATER: "1" },
    isPromptPiped: true,
  };
}

function codexArguments({ model, permissionMode, agentSessionId, folder, tools }: HeadlessRequest) {
  const sandbox = { ask: "read-only", "ask-writes": "read-only", "free-in-folder": "workspace-write" };
  const limits =
    permissionMode === "free" ? ["--dangerously-bypass-approvals-and-sandbox"] : ["-s", sandbox[permissionMode]];
  const session = agentSessionId === null ? [] : ["resume", agentSessionId];
  return {
    args: [
      "exec",
      "--json",
      "--skip-git-repo-check",
      ...limits,
      "-C",
      folder,
      ...(tools?.args ?? []),
      ...option("-m", model),
      ...session,
      "-",
    ],
    isPromptPiped: true,
  };
}

function geminiArguments({ agent, model, permissionMode, agentSessionId, readable = null }: HeadlessRequest) {
  const mode = { ask: "plan", "ask-writes": "default", "free-in-folder": "auto_edit", free: "yolo" };
  const approval = agent === "qwen" ? mode[permissionMode].replace("_", "-") : mode[permissionMode];
  return {
    args: [
      "-o",
      "stream-json",
      "--approval-mode",
      approval,
      ...(agent === "gemini" ? ["--skip-trust"] : []),
      ...option("--include-directories", readable),
      ...option("-m", model),
      ...option("-r", agentSessionId),
    ],
    isPromptPiped: true,
  };
}

function openCodeArguments({ model, permissionMode, agentSessionId, readable = null }: HeadlessRequest) {
  const outside = readable === null ? "ask" : { "*": "ask", [`${readable}/*`]: "allow" };
  const asked = { edit: "ask", bash: "ask", webfetch: "ask", external_directory: outside };
  const permission = permissionMode === "free-in-folder" ? { ...asked, edit: "allow" } : asked;
  return {
    args: [
      "run",
      "--format",
      "json",
      ...(permissionMode === "free" ? ["--auto"] : []),
      ...option("-m", model),
      ...option("-s", agentSessionId),
    ],
    env: permissionMode === "free" ? {} : { OPENCODE_PERMISSION: JSON.stringify(permission) },
    isPromptPiped: true,
  };
}

function cursorArguments({ model, permissionMode, agentSessionId, text }: HeadlessRequest) {
  return {
    args: [
      "-p",
      "--output-format",
      "stream-json",
      "--stream-partial-output",
      ...(permissionMode === "free" || permissionMode === "free-in-folder" ? ["--force"] : []),
      ...option("--model", model),
      ...option("--resume", agentSessionId),
      // It reads no prompt from its input; a leading blank keeps the text from being taken for an option.
      text.startsWith("-") ? ` ${text}` : text,
    ],
    isPromptPiped: false,
  };
}
