import type { ModelPrice, ProviderInput, ProviderPreset, Tier } from "../../../contract/features/providers.ts";
import { type AgentProgram, agentPrograms, type ProgramFinder } from "./agent-programs.ts";
import { installedVersion } from "./installed-version.ts";

type ApiInput = Extract<ProviderInput, { type: "api" }>;
type Model = ProviderInput["models"][number];

/** Ready-made providers: programs that were found first, then APIs, then programs that could be installed. */
export function listPresets(programs: ProgramFinder): ProviderPreset[] {
  const agents = programPresets(programs);
  return [...agents.filter(isFound), ...apiPresets, ...agents.filter((preset) => !isFound(preset))];
}

function isFound({ program }: ProviderPreset): boolean {
  return program !== null && program.path !== null;
}

function price(input: number, output: number, cachedInput: number): ModelPrice {
  return { input, output, cachedInput };
}

function model(id: string, tier: Tier | null, modelPrice: ModelPrice | null = null): Model {
  return { id, tier, price: modelPrice };
}

function api(name: string, dialect: ApiInput["dialect"], baseUrl: string, models: Model[]): ApiInput {
  const none = { fallbackProvider: null, tierFallbacks: {}, timeoutMs: 10 * 60_000 };
  return { type: "api", name, dialect, baseUrl, models, ...none };
}

function apiPreset(
  id: string,
  description: string,
  input: ApiInput,
  key: { needsKey: boolean; keyUrl: string | null },
): ProviderPreset {
  return { id, label: input.name, description, input, ...key, program: null };
}

const local = { needsKey: false, keyUrl: null };

/** Well-known models; prices, in dollars per million tokens, only where one price holds for every request. */
const apiPresets: readonly ProviderPreset[] = [
  apiPreset(
    "anthropic",
    "Claude models over Anthropic's API.",
    api("Anthropic", "anthropic", "https://api.anthropic.com/v1", [
      model("claude-haiku-4-5", "light", price(1, 5, 0.1)),
      model("claude-sonnet-4-5", "medium", price(3, 15, 0.3)),
      model("claude-opus-4-5", "heavy", price(5, 25, 0.5)),
    ]),
    { needsKey: true, keyUrl: "https://console.anthropic.com/settings/keys" },
  ),
  apiPreset(
    "openai",
    "GPT models over OpenAI's API.",
    api("OpenAI", "openai", "https://api.openai.com/v1", [
      model("gpt-5-nano", "light", price(0.05, 0.4, 0.005)),
      model("gpt-5-mini", "medium", price(0.25, 2, 0.025)),
      model("gpt-5", "heavy", price(1.25, 10, 0.125)),
    ]),
    { needsKey: true, keyUrl: "https://platform.openai.com/api-keys" },
  ),
  apiPreset(
    "gemini-api",
    "Gemini models over Google's API; enter their prices to see costs, none come with it.",
    api("Gemini", "google", "https://generativelanguage.googleapis.com/v1beta", [
      model("gemini-2.5-flash-lite", "light"),
      model("gemini-2.5-flash", "medium"),
      model("gemini-2.5-pro", "heavy"),
    ]),
    { needsKey: true, keyUrl: "https://aistudio.google.com/apikey" },
  ),
  apiPreset(
    "openrouter",
    "Models of many makers with one key; it says what each answer costs, a budget of money needs prices you enter.",
    api("OpenRouter", "openai-compatible", "https://openrouter.ai/api/v1", [
      model("anthropic/claude-haiku-4.5", "light"),
      model("anthropic/claude-sonnet-4.5", "medium"),
      model("anthropic/claude-opus-4.5", "heavy"),
    ]),
    { needsKey: true, keyUrl: "https://openrouter.ai/settings/keys" },
  ),
  apiPreset(
    "lm-studio",
    "Models on this machine, served by LM Studio.",
    api("LM Studio", "openai-compatible", "http://localhost:1234/v1", []),
    local,
  ),
  apiPreset(
    "ollama",
    "Models on this machine, served by Ollama.",
    api("Ollama", "openai-compatible", "http://localhost:11434/v1", []),
    local,
  ),
  apiPreset(
    "openai-compatible",
    "Any server that speaks OpenAI's chat API: vLLM, llama.cpp, a gateway.",
    api("OpenAI-compatible server", "openai-compatible", "http://localhost:8080/v1", []),
    local,
  ),
];

function programPresets(programs: ProgramFinder): ProviderPreset[] {
  return Object.entries(agentPrograms).flatMap(([kind, program]) => {
    const agent = kind as keyof typeof agentPrograms;
    const types = program.acp === null ? (["cli"] as const) : (["acp", "cli"] as const);
    return types.map((type) => programPreset(agent, program, type, programs));
  });
}

function programPreset(
  agent: keyof typeof agentPrograms,
  program: AgentProgram,
  type: "cli" | "acp",
  programs: ProgramFinder,
): ProviderPreset {
  const [file = ""] = type === "cli" ? program.cli : (program.acp ?? []);
  const path = programs.find(file);
  const label = type === "cli" ? program.label : `${program.label} (ACP)`;
  const common = { name: label, models: [], fallbackProvider: null, tierFallbacks: {}, timeoutMs: 30 * 60_000 };
  return {
    id: type === "cli" ? agent : `${agent}-acp`,
    label,
    description:
      type === "cli"
        ? `${program.label}, run without its own screen.`
        : `${program.label} over the Agent Client Protocol: it asks before it acts, and its session can be resumed.`,
    input: { type, ...common, agent, command: [], environment: [] },
    needsKey: false,
    keyUrl: null,
    program: {
      path,
      version: path === null ? null : installedVersion(path),
      installHint: type === "cli" ? program.cliInstall : program.acpInstall,
      hasLogin: programs.hasLogin(program),
    },
  };
}
