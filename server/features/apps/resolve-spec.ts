import { isAbsolute, join, relative } from "node:path";

import { z } from "zod";

import { AppError } from "../../../lib/app-error.ts";
import type { FolderReader } from "../../../lib/folder-reader.ts";
import { openFolder } from "../../../lib/folder-reader.ts";
import { findProgram } from "../../../lib/processes/find-program.ts";
import type { Pm2StartSpec } from "../../../lib/processes/pm2-client.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { enterWorkingFolder } from "./working-folder.ts";
import { plainEnvironment } from "../../sealed-variables.ts";
import type { AppRecord, StoredProcess } from "./app-record.ts";

/** What is needed of an app of an ecosystem file; read anew at each start, never executed. */
export interface EcosystemEntry {
  name: string;
  script: string;
  args: string[];
  interpreter: string | null;
  interpreterArgs: string[];
  /** Absolute, inside the project; `null` when it lies outside. */
  folder: string | null;
  env: Record<string, string>;
  maxMemoryBytes: number | null;
  /** What could not be read. */
  unread: string[];
}

export interface ResolveDependencies {
  secrets: SecretBox;
  /** The allow-listed environment of this machine. */
  baseEnvironment: () => Record<string, string>;
  /** Apps of the ecosystem file, or why it cannot be read; `null` when there is no such file. */
  readEcosystem: (
    folder: FolderReader,
    file: string,
  ) => Promise<{ entries: EcosystemEntry[]; problem: string | null } | null>;
  /** `<logsDir>/apps`. */
  logsDir: string;
  pm2Name: (appId: string, processName: string) => string;
  pm2Namespace: (appId: string) => string;
}

type Launch = Pick<Pm2StartSpec, "cwd" | "script" | "args"> & {
  interpreter?: string;
  interpreterArgs?: string[];
  env: Record<string, string>;
  maxMemoryBytes?: number | null;
};

/** What PM2 is told to start for a process. Throws `conflict` with a hint when a folder, program, script or secret is missing. */
export async function resolveSpec(
  app: AppRecord,
  process: StoredProcess,
  dependencies: ResolveDependencies,
): Promise<Pm2StartSpec> {
  const folder = await openAppFolder(app);
  const own = await plainEnvironment(process.environment, dependencies.secrets);
  const base = dependencies.baseEnvironment();
  const [port] = process.ports;
  const launch = await launchOf(process, folder, base["PATH"], dependencies);
  const maxMemoryBytes = process.maxMemoryBytes ?? launch.maxMemoryBytes ?? null;
  return {
    name: dependencies.pm2Name(app.id, process.name),
    namespace: dependencies.pm2Namespace(app.id),
    cwd: launch.cwd,
    script: launch.script,
    args: launch.args,
    ...(launch.interpreter === undefined ? {} : { interpreter: launch.interpreter }),
    ...(launch.interpreterArgs === undefined ? {} : { interpreterArgs: launch.interpreterArgs }),
    // Without a terminal most tools print no colours; the log view shows them.
    env: { ...base, FORCE_COLOR: "1", ...(port === undefined ? {} : { PORT: String(port) }), ...launch.env, ...own },
    logFile: join(dependencies.logsDir, app.id, `${process.name}.log`),
    autorestart: process.isRestarted,
    ...(maxMemoryBytes === null ? {} : { maxMemoryBytes }),
  };
}

/** The folder of an app. Throws `conflict` when it is gone. */
export async function openAppFolder({ folder, name }: Pick<AppRecord, "folder" | "name">): Promise<FolderReader> {
  try {
    return await openFolder(folder);
  } catch (cause) {
    throw new AppError("conflict", `The folder of ${name} is missing: ${folder}`, {
      hint: "Bring the folder back, or choose another one in the app's settings.",
      cause,
    });
  }
}

async function launchOf(
  process: StoredProcess,
  folder: FolderReader,
  searchPath: string | undefined,
  { readEcosystem }: ResolveDependencies,
): Promise<Launch> {
  const { run } = process;
  const cwd = await enterWorkingFolder(folder, process.cwd);
  if (run.kind === "command") {
    const [program = "", ...args] = run.command;
    return { cwd, script: needProgram(program, cwd, searchPath), args, interpreter: "none", env: {} };
  }
  if (run.kind === "npm-script") {
    await needScript(folder, process.cwd, run.script);
    const separator = run.arguments.length > 0 && run.manager === "npm" ? ["--"] : [];
    const args = ["run", run.script, ...separator, ...run.arguments];
    return { cwd, script: needProgram(run.manager, cwd, searchPath), args, interpreter: "none", env: {} };
  }
  if (run.kind === "ecosystem") {
    const launch = fromEcosystem(await readEcosystem(folder, run.file), run);
    return { ...launch, cwd: await enterWorkingFolder(folder, relative(folder.root, launch.cwd) || ".") };
  }
  throw new AppError("conflict", `${process.name} is started by another PM2`);
}

function fromEcosystem(
  file: { entries: EcosystemEntry[]; problem: string | null } | null,
  run: { file: string; name: string },
): Launch {
  if (file === null) throw new AppError("conflict", `There is no ${run.file} in the folder`);
  if (file.problem !== null) {
    throw new AppError("conflict", `${run.file} cannot be read without running it: ${file.problem}`, {
      hint: "Enter the command by hand instead.",
    });
  }
  const entry = file.entries.find(({ name }) => name === run.name);
  if (!entry) throw new AppError("conflict", `${run.file} has no app called ${run.name}`);
  const [unread] = entry.unread;
  if (unread !== undefined) {
    throw new AppError("conflict", `${run.name} in ${run.file} is only known when the file runs (${unread})`, {
      hint: "Write the value out in the file, or enter the command by hand.",
    });
  }
  if (entry.folder === null) throw new AppError("conflict", `The folder of ${run.name} lies outside of the project`);
  return {
    cwd: entry.folder,
    script: entry.script,
    args: entry.args,
    ...(entry.interpreter === null ? {} : { interpreter: entry.interpreter }),
    interpreterArgs: entry.interpreterArgs,
    env: entry.env,
    maxMemoryBytes: entry.maxMemoryBytes,
  };
}

function needProgram(program: string, cwd: string, searchPath: string | undefined): string {
  const found = findProgram(program, cwd, searchPath);
  if (found !== null) return found;
  const isPath = isAbsolute(program) || program.includes("/");
  throw new AppError(
    "conflict",
    isPath ? `There is no program ${program}` : `The program ${program} is not installed`,
    {
      hint: isPath
        ? "Check the path and that the file is executable."
        : "Install it, or give its full path. Programs are looked for in the PATH npm start was run with.",
    },
  );
}

const packageSchema = z.object({ scripts: z.record(z.string(), z.unknown()).catch({}) });

async function needScript(folder: FolderReader, cwd: string, script: string): Promise<void> {
  const text = await folder.readText(join(cwd, "package.json"));
  const parsed = packageSchema.safeParse(parseOrNull(text ?? ""));
  if (!parsed.success)
    throw new AppError("conflict", "package.json is missing or cannot be read", {
      hint: "Put it back, or give the process a command instead of a script.",
    });
  if (!Object.hasOwn(parsed.data.scripts, script) || typeof parsed.data.scripts[script] !== "string")
    throw new AppError("conflict", `package.json has no script called ${script}`);
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema
  }
}
