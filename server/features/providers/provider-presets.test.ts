import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { providerInputSchema, providerPresetSchema } from "../../../contract/features/providers.ts";
import { commandOf, createProgramFinder } from "./agent-programs.ts";
import { listPresets } from "./provider-presets.ts";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "portos-presets-"));
  await mkdir(join(home, ".local/bin"), { recursive: true });
  await mkdir(join(home, "bin"));
  await mkdir(join(home, ".codex"));
  await writeFile(join(home, ".codex/auth.json"), "{}");
  // would leave a trace if it were started
  for (const file of [join(home, "bin/codex"), join(home, ".local/bin/opencode")]) {
    await writeFile(file, `#!/bin/sh\ntouch ${join(home, "started")}\n`);
    await chmod(file, 0o755);
  }
  await writeFile(join(home, "bin/gemini"), "not executable");
  const packages = join(home, "lib/node_modules/@qwen-code/qwen-code");
  const releases = join(home, ".local/share/claude/versions");
  for (const folder of [packages, releases]) await mkdir(folder, { recursive: true });
  await writeFile(join(packages, "package.json"), JSON.stringify({ name: "@qwen-code/qwen-code", version: "0.9.1" }));
  for (const [link, file] of [
    ["qwen", join(packages, "cli.js")],
    ["claude", join(releases, "2.1.197")],
  ] as const) {
    await writeFile(file, `#!/bin/sh\ntouch ${join(home, "started")}\n`);
    await chmod(file, 0o755);
    await mkdir(join(home, "linked"), { recursive: true });
    await symlink(file, join(home, "linked", link));
  }
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

function presets(variables: NodeJS.ProcessEnv = {}) {
  return listPresets(createProgramFinder({ variables: { PATH: join(home, "bin"), ...variables }, home, cwd: home }));
}

describe("presets", () => {
  it("are complete and can be saved as they are", () => {
    const list = presets();
    expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
    for (const preset of list) {
      expect(providerPresetSchema.parse(preset)).toBeTruthy();
      expect(providerInputSchema.parse(preset.input)).toBeTruthy();
    }
    expect(list.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "anthropic",
        "openai",
        "gemini-api",
        "openrouter",
        "lm-studio",
        "ollama",
        "openai-compatible",
      ]),
    );
    for (const agent of ["claude", "codex", "gemini", "opencode", "cursor", "qwen", "goose", "junie"])
      expect(list.map(({ id }) => id)).toEqual(expect.arrayContaining([agent, `${agent}-acp`]));
  });

  it("put programs that were found first, by their path, and start none", async () => {
    const found = presets().filter(({ program }) => program !== null && program.path !== null);
    expect(found.map(({ id, program }) => [id, program?.path])).toEqual([
      ["codex", join(home, "bin/codex")],
      ["opencode-acp", join(home, ".local/bin/opencode")],
      ["opencode", join(home, ".local/bin/opencode")],
    ]);
    expect(presets().slice(0, 3)).toEqual(found);
    await expect(mkdir(join(home, "started"))).resolves.toBeUndefined();
  });

  it("tell the version as its installer wrote it down", () => {
    const versions = new Map(presets({ PATH: join(home, "linked") }).map(({ id, program }) => [id, program?.version]));
    expect([versions.get("qwen"), versions.get("qwen-acp"), versions.get("claude")]).toEqual([
      "0.9.1",
      "0.9.1",
      "2.1.197",
    ]);
    expect([versions.get("opencode"), versions.get("codex"), versions.get("anthropic")]).toEqual([
      null,
      null,
      undefined,
    ]);
  });

  it("say whether a login was found", () => {
    const logins = new Map(presets().map(({ id, program }) => [id, program?.hasLogin]));
    expect([logins.get("codex"), logins.get("goose")]).toEqual([true, null]);
    const withKey = new Map(presets({ CURSOR_API_KEY: "x" }).map(({ id, program }) => [id, program?.hasLogin]));
    expect(withKey.get("cursor")).toBe(true);
  });

  it.each([
    [{ type: "acp", agent: "claude", command: [] }, ["claude-agent-acp"]],
    [{ type: "acp", agent: "qwen", command: [] }, ["qwen", "--acp"]],
    [{ type: "cli", agent: "cursor", command: [] }, ["cursor-agent"]],
    [{ type: "cli", agent: "claude", command: ["/opt/claude", "--verbose"] }, ["/opt/claude", "--verbose"]],
    [{ type: "cli", agent: "custom", command: [] }, []],
  ] as const)("command line of %j", (record, expected) => {
    expect(commandOf(record)).toEqual(expected);
  });
});
