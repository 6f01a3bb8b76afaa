import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openFolder, type FolderReader } from "../../../lib/folder-reader.ts";
import type { Process } from "../../../contract/features/processes.ts";
import { detectComposeFile } from "./detectors/compose-file.ts";
import { detectEcosystem } from "./detectors/ecosystem.ts";
import { detectEnvPorts } from "./detectors/env-ports.ts";
import { detectLanguages } from "./detectors/languages.ts";
import { detectPackageJson } from "./detectors/package-json.ts";
import { detectProcfile } from "./detectors/procfile.ts";
import { detectPm2Processes } from "./detectors/running.ts";
import { listFolders } from "./folder-picker.ts";

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "detect-")));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function project(files: Record<string, unknown>): Promise<FolderReader> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return openFolder(root);
}

const runOf = async (folder: FolderReader): Promise<unknown> => (await detectPackageJson(folder)).proposals[0]?.run;

describe("package.json", () => {
  test.each([
    ["vite", "vite", 5173],
    ["next", "next dev --turbo", 3000],
    ["next", "next dev -p 4000", 4000],
    ["astro", "astro dev", 4321],
    ["nuxt", "nuxt dev", 3000],
    ["@angular/cli", "ng serve --port=4300", 4300],
    ["@sveltejs/kit", "vite dev", 5173],
    ["@remix-run/dev", "remix dev", 3000],
    ["express", "node server.js", 3000],
    ["fastify", "tsx watch src/main.ts", 3000],
    ["@nestjs/core", "nest start --watch", 3000],
    ["express", "cross-env PORT=8081 nodemon index.js", 8081],
  ])("%s started with `%s` listens on %i", async (dependency, script, port) => {
    const folder = await project({ "package.json": { scripts: { dev: script }, dependencies: { [dependency]: "1" } } });
    const { proposals } = await detectPackageJson(folder);
    expect(proposals[0]).toMatchObject({ name: "dev", ports: [port], run: { kind: "npm-script", script: "dev" } });
  });

  test("the package manager is the one named, else the one of the lock file", async () => {
    const scripts = { start: "node ." };
    expect(await runOf(await project({ "package.json": { scripts } }))).toMatchObject({ manager: "npm" });
    expect(await runOf(await project({ "yarn.lock": "" }))).toMatchObject({ manager: "yarn" });
    expect(await runOf(await project({ "package.json": { scripts, packageManager: "pnpm@9.1.0" } }))).toMatchObject({
      manager: "pnpm",
    });
  });

  test("dev comes before start, lint and test are no processes, workspaces are offered", async () => {
    const folder = await project({
      "package.json": {
        name: "@me/shop",
        scripts: { test: "vitest", lint: "x", start: "node .", dev: "vite" },
        workspaces: ["packages/*", "../outside"],
        devDependencies: { vite: "8" },
      },
      "vite.config.ts": "export default { server: { strictPort: true, port: 3456 } };",
      "packages/api/package.json": { name: "api", scripts: { dev: "node api.js" } },
    });
    const { name, proposals } = await detectPackageJson(folder);
    expect(name).toBe("shop");
    expect(proposals.map((entry) => [entry.name, entry.cwd, entry.ports])).toEqual([
      ["dev", ".", [3456]],
      ["start", ".", []],
      ["api-dev", "packages/api", []],
    ]);
    expect(proposals[0]?.weight).toBeGreaterThan(proposals[1]?.weight ?? 0);
  });

  test("a broken package.json is said, a missing one is nothing", async () => {
    expect((await detectPackageJson(await project({}))).lines).toEqual([]);
    const { facts, proposals } = await detectPackageJson(await project({ "package.json": "{ nope" }));
    expect([facts[0]?.text, proposals]).toEqual(["package.json is not valid JSON", []]);
  });

  test("without a script the main file is proposed", async () => {
    const folder = await project({ "package.json": { main: "lib/index.js" }, "lib/index.js": "" });
    expect((await detectPackageJson(folder)).proposals[0]?.run).toEqual({
      kind: "command",
      command: ["node", "lib/index.js"],
    });
  });
});

test("a Procfile's lines become processes with the ports their manager would give", async () => {
  const folder = await project({
    Procfile:
      "# comment\nweb: bundle exec puma -p $PORT\nworker: FOO=bar node worker.js\nrelease: ./migrate && ./seed\n",
  });
  const { proposals } = await detectProcfile(folder);
  expect(proposals.map(({ name, run, ports, environment }) => ({ name, run, ports, environment }))).toEqual([
    {
      name: "web",
      run: { kind: "command", command: ["bundle", "exec", "puma", "-p", "5000"] },
      ports: [5000],
      environment: {},
    },
    {
      name: "worker",
      run: { kind: "command", command: ["node", "worker.js"] },
      ports: [],
      environment: { FOO: "bar" },
    },
    {
      name: "release",
      run: { kind: "command", command: ["sh", "-c", "./migrate && ./seed"] },
      ports: [],
      environment: {},
    },
  ]);
  expect(proposals[2]).toMatchObject({ weight: 0, isRestarted: false });
});

test("a compose file is told with services and ports, and offered only where docker is", async () => {
  const folder = await project({
    "compose.yaml": `services:\n  db:\n    image: postgres:16\n    ports: ["127.0.0.1:5433:5432/tcp", 9000]\n  web:\n    build: .\n    ports:\n      - published: "8080"\n        target: 80\n`,
  });
  const without = await detectComposeFile(folder, () => false);
  expect(without.lines).toEqual(["service db (postgres:16) on 5433", "service web on 8080"]);
  expect(without.proposals).toEqual([]);
  const [proposed] = (await detectComposeFile(folder, () => true)).proposals;
  expect(proposed?.ports).toEqual([5433, 8080]);
  expect(proposed?.run).toMatchObject({ command: ["docker", "compose", "-f", "compose.yaml", "up", "--no-color"] });
});

test("ports of a compose file: merged anchors, ranges, defaults of variables; not those inside of the network", async () => {
  const folder = await project({
    "compose.yml": `x-base: &base\n  image: node:22\n  ports: ["3000:3000"]\nservices:\n  web:\n    <<: *base\n  api:\n    <<: *base\n    ports: ["9000-9002:80-82", "\${PORT:-5000}:80", "\${NONE}:81", "70000:1", "9-5:9-5", "80"]\n`,
  });
  expect((await detectComposeFile(folder, () => false)).lines).toEqual([
    "service web (node:22) on 3000",
    "service api (node:22) on 9000, 9001, 9002, 5000",
  ]);
});

test("a script that is no text is left out, the others stay", async () => {
  const folder = await project({ "package.json": '{"scripts":{"dev":5,"serve":["a"],"start":"node a.js"}}' });
  const { proposals } = await detectPackageJson(folder);
  expect(proposals.map(({ run }) => run)).toEqual([expect.objectContaining({ script: "start" })]);
});

test("of .env files only port lines are seen, no other value leaves the detector", async () => {
  const folder = await project({
    ".env":
      "SECRET_KEY=hunter2-hunter2\nPORT=4111 # web\nexport API_PORT='4112'\nPORTAL=9\nDB_URL=postgres://u:p@h:5432/x\nPORT=99999999\n",
    ".env.example": "PORT=1234\n",
  });
  const finding = await detectEnvPorts(folder);
  expect(finding.lines).toEqual([".env: PORT=4111", ".env: API_PORT=4112", ".env.example: PORT=1234"]);
  expect(finding.ports).toEqual([4111]);
  expect(JSON.stringify(finding)).not.toMatch(/hunter2|postgres/);
});

test.each([
  [{ "manage.py": "" }, ["python3", "manage.py", "runserver", "8000"]],
  [
    { "main.py": "app = FastAPI()", ".venv/x": "" },
    [".venv/bin/python", "-m", "uvicorn", "main:app", "--reload", "--port", "8000"],
  ],
  [{ "go.mod": "module x", "main.go": "" }, ["go", "run", "."]],
  [{ "Cargo.toml": "[package]\nname='x'" }, ["cargo", "run"]],
  [{ Gemfile: `gem "rails"`, "bin/rails": "" }, ["bin/rails", "server", "-p", "3000"]],
  [{ "index.html": "<p>" }, ["python3", "-m", "http.server", "8080"]],
])("other languages: %j", async (files, command) => {
  const { proposals } = await detectLanguages(await project(files));
  expect(proposals[0]?.run).toEqual({ kind: "command", command });
});

test("an ecosystem file's apps keep their doubts", async () => {
  const folder = await project({
    "ecosystem.config.cjs": `module.exports = { apps: [{ name: "web", script: "a.js", env: { PORT: 4001 } }, { name: "odd", script: f(), cwd: "/etc" }] };`,
  });
  const { proposals } = await detectEcosystem(folder);
  expect(proposals.map(({ name, ports, doubts }) => [name, ports, doubts.length])).toEqual([
    ["web", [4001], 0],
    ["odd", [], 2],
  ]);
});

test("PM2 processes of the folder can be taken over, those of apps and ambiguous names cannot", () => {
  const base: Process = {
    key: "user:blog",
    home: "user",
    pmId: 0,
    name: "blog",
    owner: { kind: "other" },
    status: "online",
    pid: 1,
    cpuPercent: 0,
    memoryBytes: 0,
    restarts: 0,
    unstableRestarts: 0,
    isCrashLooping: false,
    onlineSince: null,
    exitCode: null,
    cwd: join(root, "server"),
    command: "node x.js",
    problem: null,
    unmanagedSince: null,
  };
  const { proposals } = detectPm2Processes(root, [
    base,
    { ...base, name: "twin" },
    { ...base, name: "twin", pmId: 2 },
    { ...base, name: "elsewhere", cwd: `${root}-other` },
    { ...base, name: "shop/web", owner: { kind: "app", appId: "shop", processName: "web" } },
  ]);
  expect(proposals.map(({ name, weight }) => [name, weight])).toEqual([
    ["blog", 200],
    ["twin", 0],
    ["twin", 0],
  ]);
  expect(proposals[0]?.run).toEqual({ kind: "linked", home: "user", name: "blog" });
});

describe("the folder picker", () => {
  test("completes names of folders, links and files left out", async () => {
    await project({ "blog/package.json": "{}", "books/x": "", "bar.txt": "", ".hidden/x": "", "node_modules/x": "" });
    await symlink("/etc", join(root, "blink"));
    const inside = await listFolders(`${root}/`, "/home/x");
    expect(inside.folders.map(({ name, isProject }) => [name, isProject])).toEqual([
      ["blog", true],
      ["books", false],
    ]);
    expect((await listFolders(`${root}/bl`, "/home/x")).folders.map(({ name }) => name)).toEqual(["blog"]);
    expect((await listFolders(`${root}/.h`, "/home/x")).folders.map(({ name }) => name)).toEqual([".hidden"]);
    expect((await listFolders("~/", root)).folders).toHaveLength(2);
    expect(await listFolders(`${root}/no/such/`, "/home/x")).toMatchObject({ folders: [], isFolder: false });
    await expect(listFolders("blog", "/home/x")).rejects.toMatchObject({ code: "invalid_request" });
  });
});

test("hostile folders: fifos, huge files, links out and names with control characters", async () => {
  const folder = await project({ "package.json": { name: "a\u001b[31mb\n", scripts: { "dev\u0007": "vite" } } });
  const { execFileSync } = await import("node:child_process");
  execFileSync("mkfifo", [join(root, "Procfile")]);
  await symlink("/etc/hostname", join(root, ".env"));
  expect((await detectProcfile(folder)).lines).toEqual([]);
  expect((await detectEnvPorts(folder)).lines).toEqual([]);
  expect(await folder.readText("../../etc/passwd")).toBeNull();
  expect(await folder.readText(".env")).toBeNull();
});
