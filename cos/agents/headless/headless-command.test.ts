import { describe, expect, it } from "vitest";

import type { AgentKind } from "../../../contract/features/providers.ts";
import type { PermissionMode } from "../../../contract/features/runs.ts";
import { headlessCommand, type HeadlessRequest } from "./headless-command.ts";

function command(agent: AgentKind, permissionMode: PermissionMode, more: Partial<HeadlessRequest> = {}) {
  const budget = { costUsd: null, tokens: null, turns: null, minutes: null };
  const rest = { model: null, budget, agentSessionId: null, folder: "/srv/app", text: "do it" };
  return headlessCommand({ agent, command: ["/bin/agent"], permissionMode, ...rest, ...more });
}

const permission = (mode: PermissionMode): unknown =>
  JSON.parse(command("opencode", mode).env["OPENCODE_PERMISSION"] ?? "null");

describe("headless command", () => {
  it.each([
    ["claude", "ask", "--permission-mode plan"],
    ["claude", "ask-writes", "--permission-mode default"],
    ["claude", "free-in-folder", "--permission-mode acceptEdits"],
    ["claude", "free", "--permission-mode bypassPermissions"],
    ["codex", "ask", "-s read-only"],
    ["codex", "ask-writes", "-s read-only"],
    ["codex", "free-in-folder", "-s workspace-write"],
    ["codex", "free", "--dangerously-bypass-approvals-and-sandbox"],
    ["gemini", "ask", "--approval-mode plan"],
    ["gemini", "ask-writes", "--approval-mode default"],
    ["gemini", "free-in-folder", "--approval-mode auto_edit"],
    ["gemini", "free", "--approval-mode yolo"],
    ["qwen", "free-in-folder", "--approval-mode auto-edit"],
    ["opencode", "free", "--auto"],
    ["cursor", "free", "--force"],
  ] as const)("tells %s what %s means: %s", (agent, mode, expected) => {
    expect(command(agent, mode).args.join(" ")).toContain(expected);
  });

  it.each(["claude", "codex", "gemini", "qwen", "opencode", "cursor"] as const)(
    "lets %s do nothing dangerous unless everything is free",
    (agent) => {
      const dangerous = /bypass|yolo|danger|--auto$|--auto |--force/;
      for (const mode of ["ask", "ask-writes"] as const)
        expect(command(agent, mode).args.join(" ")).not.toMatch(dangerous);
    },
  );

  it("leaves opencode's edits to the mode", () => {
    expect(permission("ask-writes")).toMatchObject({ edit: "ask", bash: "ask" });
    expect(permission("free-in-folder")).toMatchObject({ edit: "allow", bash: "ask", external_directory: "ask" });
    expect(permission("free")).toBeNull();
  });

  it("lets agents that keep to their folder read what was given along", () => {
    const readable = "/data/run/images";
    expect(command("claude", "ask", { readable }).args.join(" ")).toContain(
      "--add-dir /data/run/images --permission-mode",
    );
    for (const agent of ["gemini", "qwen"] as const)
      expect(command(agent, "ask", { readable }).args.join(" ")).toContain("--include-directories /data/run/images");
    const { env } = command("opencode", "ask", { readable });
    expect(JSON.parse(env["OPENCODE_PERMISSION"] ?? "null")).toMatchObject({
      bash: "ask",
      external_directory: { "*": "ask", "/data/run/images/*": "allow" },
    });
    expect(command("claude", "ask").args).not.toContain("--add-dir");
  });

  it("passes model, budget and session on", () => {
    const budget = { costUsd: 0.5, tokens: null, turns: 3, minutes: null };
    const more = { model: "opus", budget, agentSessionId: "s-1" };
    expect(command("claude", "ask", more).args.join(" ")).toMatch(
      /--model opus --max-budget-usd 0.5 --max-turns 3 --resume s-1$/,
    );
    expect(command("codex", "ask", more).args.slice(-5)).toEqual(["-m", "opus", "resume", "s-1", "-"]);
    expect(command("gemini", "ask", more).args.slice(-4)).toEqual(["-m", "opus", "-r", "s-1"]);
    expect(command("opencode", "ask", more).args.slice(-4)).toEqual(["-m", "opus", "-s", "s-1"]);
  });

  it("hands the prompt over where it cannot be taken for an option", () => {
    for (const agent of ["claude", "codex", "gemini", "opencode"] as const) {
      const { args, isPromptPiped } = command(agent, "ask", { text: "--version" });
      expect(isPromptPiped).toBe(true);
      expect(args).not.toContain("--version");
    }
    expect(command("cursor", "ask", { text: "--version" }).args.at(-1)).toBe(" --version");
  });
});
