import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { findCycles, findViolations, type ImportRules } from "./import-checker.mjs";

const rules = JSON.parse(readFileSync(new URL("../import-rules.json", import.meta.url), "utf8")) as ImportRules;
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "portos-imports-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Puts files into an otherwise empty tree and returns what the checker says of it. */
function check(files: Record<string, string>): string[] {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return findViolations(root, rules).map(({ file, line, message }) => `${file}:${line} ${message}`);
}

const value = "export const value = 1;\n";

test("a tree that keeps to the rules is clean", () => {
  const files = {
    "contract/ports.ts": value,
    "contract/features/apps.ts": 'import { z } from "zod";\nexport const schema = z.string();\n',
    "lib/clock.ts": 'import { value } from "../contract/ports.ts";\nexport const now = value;\n',
    "server/features/apps/routes.ts": 'import { now } from "../../../lib/clock.ts";\nexport const a = now;\n',
    "client/src/features/apps/page.tsx":
      'import type { schema } from "../../../../contract/features/apps.ts";\nexport type A = typeof schema;\n',
  };
  expect(check(files)).toEqual([]);
});

test.each([
  [
    "the autofixer imports nothing from the server",
    "autofixer/a.ts",
    'import { value } from "../server/b.ts";',
    "may not import server",
  ],
  [
    "the client imports no Node building blocks",
    "client/src/a.ts",
    'export { value } from "../../lib/b.ts";',
    "may not import lib",
  ],
  [
    "a lazy import is an import",
    "cos/a.ts",
    'export const a = () => import("../server/b.ts");',
    "may not import server",
  ],
  ["lib imports no zone above it", "lib/a.ts", 'import { value } from "../cos/b.ts";', "may not import cos"],
  ["the contract knows zod only", "contract/a.ts", 'import { readFileSync } from "node:fs";', "may import zod only"],
  ["axios has one home", "server/a.ts", 'import axios from "axios";', "outside of lib/guarded-http"],
  [
    "child processes have one home",
    "cos/a.ts",
    'import { spawn } from "node:child_process";',
    "outside of lib/processes",
  ],
  ["node-pty has one home", "server/a.ts", 'const a = await import("node-pty");', "outside of cos/sessions"],
  [
    "Chrome's protocol has one home",
    "server/a.ts",
    'import CDP from "chrome-remote-interface/lib/x.js";',
    "outside of lib/chrome",
  ],
  ["pm2 is never loaded", "lib/processes/a.ts", 'import pm2 from "pm2";', "outside of its home"],
  [
    "the realtime client has one home",
    "client/src/features/a/b.ts",
    'import { io } from "socket.io-client";',
    "outside of client/src/lib",
  ],
  ["built-in modules are named as such", "lib/a.ts", 'import { readFileSync } from "fs";', 'without "node:"'],
  ["a missing file is named", "lib/a.ts", 'import { value } from "./nowhere.ts";', "does not exist"],
])("%s", (_, file, text, message) => {
  const target = { "server/b.ts": value, "lib/b.ts": value, "cos/b.ts": value };
  const found = check({ ...target, [file]: `export const first = 1;\n${text}\n` });
  expect(found).toEqual([expect.stringContaining(message)]);
  expect(found[0]).toMatch(new RegExp(`^${file}:2 `));
});

test("a feature does not import a feature; its own parts, its tests and types are free", () => {
  const files = {
    "server/features/apps/a.ts":
      'import { value } from "../logs/b.ts";\nimport { own } from "./own.ts";\nexport const a = [value, own];\n',
    "server/features/apps/own.ts": "export const own = 1;\n",
    "server/features/apps/typed.ts": 'import type { value } from "../logs/b.ts";\nexport type V = typeof value;\n',
    "server/features/apps/a.test.ts": 'import { value } from "../logs/b.ts";\nexport const t = value;\n',
    "server/features/logs/b.ts": value,
  };
  expect(check(files)).toEqual([expect.stringMatching(/^server\/features\/apps\/a\.ts:1 .*another feature/)]);
});

test("a test with real children may start any process, any other test keeps to its zone", () => {
  const text = 'import { value } from "../cos/app.ts";\nexport const t = value;\n';
  const found = check({ "cos/app.ts": value, "server/a.process.test.ts": text, "server/a.test.ts": text });
  expect(found).toEqual([expect.stringMatching(/^server\/a\.test\.ts:1 .*may not import cos/)]);
});

test("the page takes types of the contract, not schemas", () => {
  const files = {
    "contract/features/apps.ts": value,
    "client/src/a.ts": 'import { value } from "../../contract/features/apps.ts";\nexport const a = value;\n',
  };
  expect(check(files)).toEqual([expect.stringContaining("zod stays out of the page")]);
});

test("a cycle at run time is reported, one of types is not", () => {
  const cycle = {
    "lib/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b;\n',
    "lib/b.ts": 'import { c } from "./c.ts";\nexport const b = () => c;\n',
    "lib/c.ts": 'import { a } from "./a.ts";\nexport const c = () => a;\n',
  };
  expect(check(cycle)).toEqual([expect.stringContaining("lib/a.ts → lib/b.ts → lib/c.ts → lib/a.ts")]);
  expect(
    check({ "lib/c.ts": 'import type { a } from "./a.ts";\nexport type C = typeof a;\nexport const c = 1;\n' }),
  ).toEqual([]);
});

test("cycles are found in any graph", () => {
  const graph = new Map([
    ["a", ["b", "outside"]],
    ["b", ["c"]],
    ["c", ["b"]],
    ["d", ["d"]],
  ]);
  expect(findCycles(graph)).toEqual([["b", "c"], ["d"]]);
});
