import { access, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { runCommand } from "../../../lib/processes/run-command.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { cliTarget } from "./test-runs.ts";

const versions = { "opencode-ai": "1.18.33", "@google/gemini-cli": "0.61.0" } as const;

/** Where the agent programs of the tests are kept: not in the repository, and over runs of the tests. */
const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "portos", "agents");

export interface RealAgents {
  opencode: string;
  gemini: string;
}

/** Installs OpenCode and Gemini CLI on first use; why it was not possible as a text. */
export async function installRealAgents(): Promise<RealAgents | string> {
  const programs = {
    opencode: join(folder, "node_modules/.bin/opencode"),
    gemini: join(folder, "node_modules/.bin/gemini"),
  };
  const mark = join(folder, `installed-${Object.values(versions).join("-")}`);
  if (await exists(mark)) return programs;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const settings = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^npm_config_/i.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
  // Without a network it is known soon that there is none.
  const patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  const args = ["install", "--no-audit", "--no-fund", "--save-exact", ...patience, ...packages];
  const { code, stderr, isTimedOut } = await runCommand("npm", args, {
    cwd: folder,
    timeoutMs: 240_000,
    env: settings,
  });
  if (code !== 0)
    return isTimedOut ? "the installation took too long" : (stderr.trim().split("\n").at(-1) ?? "no reason");
  await writeFile(mark, "");
  return programs;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false, // not installed yet
  );
}

/** What makes OpenCode ask a mock of the model at this address, and nobody else. */
export function openCodeEnvironment(mockUrl: string): Record<string, string> {
  const provider = {
    mock: {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: `${mockUrl}/v1`, apiKey: "test" },
      models: { "mock-model": { name: "Mock" } },
    },
  };
  const models = { model: "mock/mock-model", small_model: "mock/mock-model" };
  const config = { provider, ...models, autoupdate: false, share: "disabled" };
  return { OPENCODE_CONFIG_CONTENT: JSON.stringify(config), OPENCODE_DISABLE_MODELS_FETCH: "1" };
}

interface Place {
  /** Home of the programs. */
  home: string;
  mockUrl: string;
}

/** A home in which Gemini CLI asks nobody to log in. */
export async function makeAgentHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "portos-agents-home-"));
  await mkdir(join(home, ".gemini"));
  const settings = { security: { auth: { selectedType: "gemini-api-key" } }, general: { disableAutoUpdate: true } };
  await writeFile(join(home, ".gemini/settings.json"), JSON.stringify(settings));
  return home;
}

/** OpenCode as a target. */
export function openCodeTarget(
  { opencode }: RealAgents,
  engine: "acp" | "headless",
  { home, mockUrl }: Place,
  model = "mock/mock-model",
): RunTarget {
  const folders = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"];
  return cliTarget({
    providerId: "opencode",
    engine,
    agent: "opencode",
    command: engine === "acp" ? [opencode, "acp"] : [opencode],
    model: engine === "acp" ? null : model,
    environment: { ...Object.fromEntries(folders.map((name) => [name, home])), ...openCodeEnvironment(mockUrl) },
  });
}

/** Gemini CLI as a target. */
export function geminiTarget(
  { gemini }: RealAgents,
  engine: "acp" | "headless",
  { home, mockUrl }: Place,
  model = "gemini-2.5-flash",
): RunTarget {
  return cliTarget({
    providerId: "gemini",
    engine,
    agent: "gemini",
    command: engine === "acp" ? [gemini, "--acp"] : [gemini],
    model,
    environment: {
      HOME: home,
      GEMINI_API_KEY: "test",
      GOOGLE_GEMINI_BASE_URL: mockUrl,
      GEMINI_TELEMETRY_ENABLED: "false",
    },
  });
}
