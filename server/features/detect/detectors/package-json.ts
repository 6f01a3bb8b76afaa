import { z } from "zod";

import type { PackageManager } from "../../../../contract/features/apps.ts";
import { emptyFinding, proposal, type Finding, type Proposal } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";
import { defaultPort, frameworkOf, frameworksAmong, portIn } from "../frameworks.ts";

const dependencyMap = z.record(z.string(), z.unknown()).catch({});
/** What is no text is left out, instead of taking the other scripts with it. */
const scriptsSchema = z
  .record(z.string(), z.unknown())
  .catch({})
  .transform((scripts): Record<string, string> =>
    Object.fromEntries(
      Object.entries(scripts).flatMap(([name, text]) =>
        typeof text === "string" && text.length <= 4_096 ? [[name, text]] : [],
      ),
    ),
  );
const packageSchema = z.object({
  name: z.string().max(300).catch(""),
  description: z.string().max(2_000).catch(""),
  main: z.string().max(500).optional().catch(undefined),
  scripts: scriptsSchema,
  dependencies: dependencyMap,
  devDependencies: dependencyMap,
  packageManager: z.string().optional().catch(undefined),
  workspaces: z
    .union([z.array(z.string()), z.object({ packages: z.array(z.string()) }).transform(({ packages }) => packages)])
    .catch([]),
});
type Package = z.output<typeof packageSchema>;

/** Scripts that start something to look at, the likeliest first. */
const startScripts = ["dev", "develop", "start:dev", "serve", "start", "preview", "storybook", "watch", "worker"];
const startPattern = /^(?:dev|develop|start|serve|server|client|api|web|worker|storybook|preview|watch)(?::|-|$)/;
const maxScripts = 40;
const maxMembers = 20;

/** Scripts of package.json and of its workspaces, with the framework and port each one starts. */
export async function detectPackageJson(folder: FolderReader): Promise<Finding> {
  const finding = emptyFinding();
  const root = await readPackage(folder, "package.json");
  if (root === null) return finding;
  if (root === "broken") {
    finding.facts.push({ source: "package.json", text: "package.json is not valid JSON" });
    finding.lines.push("package.json cannot be read");
    return finding;
  }
  const manager = await managerOf(folder, root);
  const dependencies = dependenciesOf(root);
  if (root.name !== "") finding.name = root.name.replace(/^@[^/]+\//, "");
  finding.description = root.description;
  finding.proposals = await scriptProposals(folder, root, manager, ".");
  const members = await membersOf(folder, root);
  for (const member of members) {
    const inner = await readPackage(folder, `${member}/package.json`);
    if (inner === null || inner === "broken") continue;
    const proposals = await scriptProposals(folder, inner, manager, member);
    const short = member.split("/").at(-1) ?? member;
    finding.proposals.push(
      ...proposals
        .filter(({ weight }) => weight >= 20)
        .slice(0, 2)
        .map((entry) => ({ ...entry, name: `${short}-${entry.name}`, weight: 5, source: `${member}/package.json` })),
    );
  }
  const found = frameworksAmong(dependencies);
  if (found.length > 0) finding.facts.push({ source: "package.json", text: found.join(", ") });
  const scripts = Object.keys(root.scripts).length;
  finding.lines = [
    `${scripts} ${scripts === 1 ? "script" : "scripts"}, started with ${manager}`,
    ...found,
    ...(members.length > 0 ? [`${members.length} ${members.length === 1 ? "workspace" : "workspaces"}`] : []),
  ];
  return finding;
}

async function readPackage(folder: FolderReader, path: string): Promise<Package | "broken" | null> {
  const text = await folder.readText(path);
  if (text === null) return null;
  try {
    const parsed = packageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : "broken";
  } catch {
    return "broken"; // said in the plan
  }
}

function dependenciesOf({ dependencies, devDependencies }: Package): ReadonlySet<string> {
  return new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
}

async function managerOf(folder: FolderReader, { packageManager }: Package): Promise<PackageManager> {
  const named = /^(npm|pnpm|yarn|bun)@/.exec(packageManager ?? "")?.[1];
  if (named !== undefined) return named as PackageManager;
  const files = new Set((await folder.list()).map(({ name }) => name));
  if (files.has("pnpm-lock.yaml")) return "pnpm";
  if (files.has("yarn.lock")) return "yarn";
  if (files.has("bun.lock") || files.has("bun.lockb")) return "bun";
  return "npm";
}

function rank(name: string): number {
  return startScripts.includes(name) ? startScripts.indexOf(name) : startScripts.length;
}

async function scriptProposals(
  folder: FolderReader,
  file: Package,
  manager: PackageManager,
  cwd: string,
): Promise<Proposal[]> {
  const dependencies = dependenciesOf(file);
  const names = Object.keys(file.scripts).filter((name) => startPattern.test(name) || startScripts.includes(name));
  const vitePort = dependencies.has("vite") ? await viteConfigPort(folder, cwd) : null;
  const result = names
    .filter((name) => name.length <= 200)
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, maxScripts)
    .map((name) => {
      const script = file.scripts[name] ?? "";
      const framework = frameworkOf(script, dependencies);
      const usesVite = framework?.programs.includes("vite") ?? false;
      const port =
        portIn(script) ??
        (usesVite && !/preview/.test(script) ? vitePort : null) ??
        (framework ? defaultPort(framework, script) : null);
      return proposal({
        source: "package.json",
        reason: framework ? `script ${name}, ${framework.title}` : `script ${name}`,
        name: name.replaceAll(/[:/]/g, "-"),
        run: { kind: "npm-script", manager, script: name, arguments: [] },
        cwd,
        ports: port === null ? [] : [port],
        weight: Math.max(1, 30 - rank(name)),
      });
    });
  return result.length > 0 || cwd !== "." ? result : mainProposal(folder, file);
}

/** Without a script, `node <main>` when that file is there. */
async function mainProposal(folder: FolderReader, file: Package): Promise<Proposal[]> {
  for (const main of [file.main, "server.js", "index.js", "app.js"]) {
    if (main === undefined || main.startsWith("/") || main.split(/[\\/]/).includes("..")) continue;
    if ((await folder.readText(main, 1)) === null) continue;
    const framework = frameworkOf(`node ${main}`, dependenciesOf(file));
    return [
      proposal({
        source: "package.json",
        reason: framework ? `${main}, ${framework.title}` : main,
        name: "main",
        run: { kind: "command", command: ["node", main] },
        ports: framework?.port ? [framework.port] : [],
        weight: 15,
      }),
    ];
  }
  return [];
}

async function viteConfigPort(folder: FolderReader, cwd: string): Promise<number | null> {
  for (const extension of ["ts", "js", "mjs", "mts"]) {
    const text = await folder.readText(`${cwd}/vite.config.${extension}`, 64 * 1024);
    const port = /\bserver\s*:\s*\{[^{}]*?\bport\s*:\s*(\d{2,5})\b/.exec(text ?? "")?.[1];
    if (port !== undefined) return Number(port);
  }
  return null;
}

/** Folders named by `workspaces`: plain paths and `folder/*`, nothing deeper. */
async function membersOf(folder: FolderReader, { workspaces }: Package): Promise<string[]> {
  const members: string[] = [];
  for (const pattern of workspaces.slice(0, maxMembers)) {
    const path = pattern.replace(/^\.\//, "").replace(/\/$/, "");
    if (path === "" || path.startsWith("/") || path.split("/").includes("..")) continue;
    if (!path.includes("*")) members.push(path);
    else if (/^[^*]+\/\*\*?$/.test(path)) {
      const parent = path.slice(0, path.indexOf("/*"));
      const inner = (await folder.list(parent)).filter(({ isFolder }) => isFolder);
      members.push(...inner.map(({ name }) => `${parent}/${name}`));
    }
  }
  return members.slice(0, maxMembers);
}
