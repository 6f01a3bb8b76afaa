import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { checkNode, isInstalled, SetupError } from "./bootstrap.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portos-bootstrap-"));
  mkdirSync(join(folder, "node_modules"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Packages = Record<string, { version?: string; optional?: boolean }>;

const wanted: Packages = {
  "": {},
  "node_modules/a": { version: "1.0.0" },
  "node_modules/a-darwin-arm64": { version: "1.0.0", optional: true },
};

function isInstalledWith(found: Packages | string): boolean {
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: wanted }));
  const text = typeof found === "string" ? found : JSON.stringify({ packages: found });
  writeFileSync(join(folder, "node_modules/.package-lock.json"), text);
  return isInstalled(folder);
}

test.each(["20.19.0", "20.20.1", "22.0.0", "24.1.0"])("Node %s will do", (version) => {
  expect(() => {
    checkNode(version);
  }).not.toThrow();
});

test.each(["18.20.4", "20.9.0", "20.18.3"])("Node %s is refused with what to do about it", (version) => {
  expect(() => {
    checkNode(version);
  }).toThrow(SetupError);
  expect(() => {
    checkNode(version);
  }).toThrow(`Node ${version} is too old: PortOS needs 20.19.0`);
});

test("packages for other systems need not be there", () => {
  expect(isInstalledWith({ "node_modules/a": { version: "1.0.0" } })).toBe(true);
});

test("a missing, another or an additional package means that the lock file is not installed", () => {
  expect(isInstalledWith({})).toBe(false);
  expect(isInstalledWith({ "node_modules/a": { version: "1.0.1" } })).toBe(false);
  expect(isInstalledWith({ "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } })).toBe(
    false,
  );
  expect(isInstalledWith("half a fi")).toBe(false);
});
