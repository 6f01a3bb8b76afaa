import { describe, expect, it } from "vitest";

import type { ToolKind } from "../../contract/features/run-events.ts";
import type { PermissionMode } from "../../contract/features/runs.ts";
import { isInside, ruleFor } from "./permission-policy.ts";

const allows = (mode: PermissionMode, tool: ToolKind, paths: string[]): boolean =>
  ruleFor(mode, { tool, edits: [] }, paths, "/srv/app");

describe("permission policy", () => {
  it.each([
    ["ask", "read", ["a.ts"], false],
    ["ask-writes", "read", ["a.ts"], true],
    ["ask-writes", "search", ["/srv/app/src"], true],
    ["ask-writes", "read", ["/etc/passwd"], false],
    ["ask-writes", "edit", ["a.ts"], false],
    ["ask-writes", "fetch", [], false],
    ["free-in-folder", "edit", ["a.ts"], true],
    ["free-in-folder", "edit", ["../other/a.ts"], false],
    ["free-in-folder", "edit", ["/srv/app-2/a.ts"], false],
    ["free-in-folder", "edit", [], false],
    ["free-in-folder", "delete", ["a.ts"], true],
    ["free-in-folder", "edit", [".vscode/tasks.json"], false],
    ["free-in-folder", "edit", ["packages/a/.envrc"], false],
    ["free-in-folder", "edit", ["/srv/app/.Claude/settings.json"], false],
    ["free-in-folder", "edit", ["a.ts", "AGENTS.md"], false],
    ["free-in-folder", "edit", ["docs/vscode.md"], true],
    ["free-in-folder", "execute", [], false],
    ["free-in-folder", "execute", ["a.ts"], false],
    ["free-in-folder", "other", ["a.ts"], false],
    ["free", "execute", [], true],
    ["free", "edit", ["/etc/hosts"], true],
  ] as const)("%s: %s of %o without asking is %s", (mode, tool, paths, expected) => {
    expect(allows(mode, tool, [...paths])).toBe(expected);
  });

  it("lets what was given along be read and nothing more", () => {
    for (const [tool, path, expected] of [
      ["read", "/data/run/images/1.png", true],
      ["read", "/data/run/prompt.md", false],
      ["read", "/data/run/images/../prompt.md", false],
      ["edit", "/data/run/images/1.png", false],
    ] as const)
      expect(ruleFor("ask-writes", { tool, edits: [] }, [path], "/srv/app", "/data/run/images")).toBe(expected);
  });

  it("knows what lies in a folder", () => {
    expect(isInside("/a/b", "/a/b")).toBe(true);
    expect(isInside("/a/b", "c/../d")).toBe(true);
    expect(isInside("/a/b", "../b2")).toBe(false);
    expect(isInside("/a/b", "/a/bc")).toBe(false);
  });
});
