import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openFolder } from "../../../lib/folder-reader.ts";
import { ecosystemFolder, findEcosystemFile, readEcosystemFile, type EcosystemFile } from "./ecosystem-file.ts";

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "ecosystem-")));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function read(text: string, file = "ecosystem.config.cjs"): Promise<EcosystemFile> {
  await writeFile(join(root, file), text);
  const content = await readEcosystemFile(await openFolder(root), file);
  if (!content) throw new Error("the file was not read");
  return content;
}

describe("ecosystem files are understood without running them", () => {
  test("literals, constants, templates and spreads", async () => {
    const { processes, problem } = await read(`
      const path = require("path");
      const base = { autorestart: false, env: { NODE_ENV: "development" } };
      const port = 4000;
      module.exports = { apps: [{
        ...base,
        name: "web",
        script: path.join(__dirname, "server", "index.js"),
        args: \`--port \${port} --name "two words"\`,
        node_args: ["--max-old-space-size=256"],
        cwd: "./server",
        max_memory_restart: "300M",
        instances: 2,
        env: { ...base.env, PORT: port, DEBUG: true },
        env_production: { NODE_ENV: "production" },
      }] };`);
    expect(problem).toBeNull();
    expect(processes).toEqual([
      {
        name: "web",
        script: join(root, "server/index.js"),
        args: ["--port", "4000", "--name", "two words"],
        interpreter: null,
        interpreterArgs: ["--max-old-space-size=256"],
        cwd: "./server",
        env: { NODE_ENV: "development", PORT: "4000", DEBUG: "true" },
        instances: 2,
        maxMemoryBytes: 300 * 1024 * 1024,
        isRestarted: false,
        otherEnvironments: ["production"],
        unread: [],
      },
    ]);
  });

  test.each([
    ["ecosystem.config.mjs", `export default { apps: [{ name: "a", script: "a.js" }] };`],
    [
      "ecosystem.config.ts",
      `type T = { apps: unknown[] };\nexport default { apps: [{ name: "a", script: "a.js" }] } satisfies T;`,
    ],
    [
      "ecosystem.config.ts",
      `const config = { apps: [{ name: "a", script: "a.js" }] } as const;\nexport default config;`,
    ],
    ["ecosystem.config.js", `exports.apps = [{ name: "a", script: "a.js" }];`],
    ["ecosystem.config.mjs", `export const apps = [{ name: "a", script: "a.js" }];`],
    ["ecosystem.json", `{ "apps": [{ "name": "a", "script": "a.js" }] }`],
    ["ecosystem.config.yml", `apps:\n  - name: a\n    script: a.js\n`],
    ["pm2.json", `{ "name": "a", "script": "a.js" }`],
  ])("%s: %s", async (file, text) => {
    const { processes } = await read(text, file);
    expect(processes.map(({ name, script }) => [name, script])).toEqual([["a", "a.js"]]);
    expect(await findEcosystemFile(await openFolder(root))).toBe(file);
  });

  test("a default beside an environment variable counts, the variable itself is never read", async () => {
    const { processes } = await read(
      `module.exports = { apps: [{ name: "a", script: "a.js", env: { PORT: process.env.PORT || 3000, KEY: process.env.HOME } }] };`,
    );
    expect(processes[0]?.env).toEqual({ PORT: "3000" });
    expect(processes[0]?.unread).toEqual(["env.KEY: process.env.HOME is not read"]);
  });

  test.each([
    [
      `module.exports = { apps: [{ name: "a", script: pick() }] };`,
      "script: the result of pick() is only known when it runs",
    ],
    [`let s = "a.js"; module.exports = { apps: [{ name: "a", script: s }] };`, "script: s may change while it runs"],
    [`const c = { apps: [] }; c.apps.push({}); module.exports = c;`, "c is changed while it runs"],
    [`const x = require("./other"); module.exports = x;`, "./other is not loaded"],
    [`module.exports = makeConfig({ apps: [] });`, "the result of makeConfig() is only known when it runs"],
    [
      `module.exports = { apps: names.map((n) => ({ name: n })) };`,
      "the result of names.map() is only known when it runs",
    ],
    [`module.exports = {`, "syntax error"],
    [`console.log("hi")`, "nothing is exported"],
  ])("what only running would tell is said: %s", async (text, why) => {
    const { processes, problem } = await read(text);
    expect([problem ?? "", ...processes.flatMap(({ unread }) => unread)].join("\n")).toContain(why);
  });
});

describe("hostile ecosystem files", () => {
  test("nothing in the file runs", async () => {
    const mark = join(root, "executed");
    await read(
      `require("fs").writeFileSync(${JSON.stringify(mark)}, "x");
       module.exports = { get apps() { require("fs").writeFileSync(${JSON.stringify(mark)}, "x"); return []; } };`,
    );
    const names = (await (await openFolder(root)).list()).map(({ name }) => name);
    expect(names).toEqual(["ecosystem.config.cjs"]);
  });

  test("texts and lists that double at each step are given up early", async () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `const s${i + 1} = \`\${s${i}}\${s${i}}\`;`).join("\n");
    const lists = Array.from({ length: 40 }, (_, i) => `const l${i + 1} = [...l${i}, ...l${i}];`).join("\n");
    const startedAt = performance.now();
    const texts = await read(
      `const s0 = "0123456789";\n${doubling}\nmodule.exports = { apps: [{ name: "a", script: s40 }] };`,
    );
    const many = await read(`const l0 = [1, 2];\n${lists}\nmodule.exports = { apps: l40 };`);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(texts.processes[0]?.unread.join()).toContain("too long");
    expect(many.problem).not.toBeNull();
  });

  test("deep nesting, prototype keys and reserved names do no harm", async () => {
    const deep = await read(`module.exports = ${"[".repeat(2_000)}1${"]".repeat(2_000)};`);
    expect(deep.problem).not.toBeNull();
    await read(
      `module.exports = { apps: [{ name: "a", script: "a", env: { __proto__: { polluted: "yes" }, constructor: "x" } }] };`,
    );
    await read(`{"__proto__": {"polluted": "yes"}, "apps": [{"name": "a", "script": "a"}]}`, "ecosystem.json");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("an alias bomb in YAML is refused", async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(",")}]`);
    const { problem } = await read(`l0: &l0 [x]\n${levels.join("\n")}\napps: *l12\n`, "ecosystem.config.yaml");
    expect(problem).toContain("too often");
  });

  test("a file of several megabytes is not parsed", async () => {
    const { problem } = await read(`module.exports = { apps: [] };\n//${"x".repeat(400_000)}`);
    expect(problem).toBe("the file is too large");
  });

  test("a link that leads out of the folder is not followed, nor a folder outside accepted", async () => {
    const outside = await realpath(await mkdtemp(join(tmpdir(), "outside-")));
    await writeFile(join(outside, "secret.cjs"), `module.exports = { apps: [{ name: "a", script: "a.js" }] };`);
    await symlink(join(outside, "secret.cjs"), join(root, "ecosystem.config.cjs"));
    expect(await readEcosystemFile(await openFolder(root), "ecosystem.config.cjs")).toBeNull();
    expect(await readEcosystemFile(await openFolder(root), "../../etc/passwd")).toBeNull();
    const file = { file: "ecosystem.config.cjs" };
    expect(ecosystemFolder(root, file, "/etc")).toBeNull();
    expect(ecosystemFolder(root, file, "../up")).toBeNull();
    expect(ecosystemFolder(root, file, "./server/../web")).toBe("web");
    await mkdir(join(root, "..evil"));
    expect(ecosystemFolder(root, file, "..evil")).toBe("..evil");
    await rm(outside, { recursive: true });
  });
});

test("entries that cannot be read are told beside those that can, and instances are counted as PM2 does", async () => {
  const { processes, problem, skipped } = await read(`module.exports = { apps: [
    { name: "a", script: "a.js", instances: "max" }, { name: "b", script: "b.js", instances: "3" },
    { name: "c", script: "c.js", instances: 0 }, ...require("./more") ] };`);
  const all = availableParallelism();
  expect(processes.map(({ instances }) => instances)).toEqual([all, 3, all]);
  expect([problem, skipped]).toEqual([null, ["./more is not loaded"]]);
});
