import { availableParallelism } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { insideOf, type FolderReader } from "../../../lib/folder-reader.ts";
import { splitCommand } from "./split-command.ts";
import { readExportedValue, Unread, type StaticValue } from "./static-value.ts";

/** One app of an ecosystem file, as far as it can be read without running the file. */
export interface EcosystemProcess {
  name: string;
  script: string;
  args: string[];
  /** `null`: chosen by the script's extension. */
  interpreter: string | null;
  interpreterArgs: string[];
  /** Relative to the file's folder or absolute, as written. */
  cwd: string;
  env: Record<string, string>;
  instances: number;
  maxMemoryBytes: number | null;
  isRestarted: boolean;
  /** Names of further environment blocks: "production" for `env_production`. */
  otherEnvironments: string[];
  /** What could not be read: "script: the value of x is only known when it runs". */
  unread: string[];
}

export interface EcosystemFile {
  /** Relative to the folder. */
  file: string;
  processes: EcosystemProcess[];
  /** Why nothing at all could be read. */
  problem: string | null;
  /** Why further entries of the list could not be read, one sentence each. */
  skipped: string[];
}

const names = ["ecosystem.config", "pm2.config", "ecosystem", "process", "pm2"];
const extensions = ["cjs", "js", "mjs", "ts", "cts", "mts", "json", "yaml", "yml"];
/** Where PM2 itself would look, in its order of preference. */
const fileNames = names.flatMap((name) => extensions.map((extension) => `${name}.${extension}`));
const maxBytes = 256 * 1024;
const maxProcesses = 50;

/** Name of the folder's ecosystem file, `null` without one. */
export async function findEcosystemFile(folder: FolderReader): Promise<string | null> {
  const present = new Set((await folder.list()).filter(({ isFolder }) => !isFolder).map(({ name }) => name));
  for (const name of fileNames) if (present.has(name)) return name;
  return null;
}

/** Reads an ecosystem file from its syntax alone; nothing in it is executed. `null` when there is no such file. */
export async function readEcosystemFile(folder: FolderReader, file: string): Promise<EcosystemFile | null> {
  const text = await folder.readText(file, maxBytes + 1);
  if (text === null) return null;
  if (text.length > maxBytes) return { file, processes: [], problem: "the file is too large", skipped: [] };
  const value = await readValue(folder, file, text);
  if (value instanceof Unread) return { file, processes: [], problem: value.why, skipped: [] };
  const apps = value instanceof Map && value.has("apps") ? value.get("apps") : value;
  if (apps instanceof Unread) return { file, processes: [], problem: apps.why, skipped: [] };
  const list = Array.isArray(apps) ? apps : [apps];
  const processes: EcosystemProcess[] = [];
  const unread: string[] = [];
  for (const entry of list.slice(0, maxProcesses)) {
    if (entry instanceof Map) processes.push(toProcess(entry, processes.length));
    else if (entry instanceof Unread) unread.push(entry.why);
  }
  const problem = processes.length === 0 ? (unread[0] ?? "it lists no apps") : null;
  return { file, processes, problem, skipped: problem === null ? unread : [] };
}

async function readValue(folder: FolderReader, file: string, text: string): Promise<StaticValue> {
  if (file.endsWith(".json")) return readJson(text);
  if (/\.ya?ml$/.test(file)) {
    const { parseDocument } = await import("yaml");
    const document = parseDocument(text, { merge: true, maxAliasCount: 50 } as object);
    if (document.errors.length > 0) return new Unread("it is not valid YAML");
    try {
      return fromPlain(document.toJS({ maxAliasCount: 50 }) as unknown);
    } catch {
      return new Unread("it refers to itself too often"); // a bomb of aliases
    }
  }
  const { parseSync } = await import("oxc-parser");
  const isTypeScript = /\.[cm]?ts$/.test(file);
  const { program, errors } = parseSync(file, text, { lang: isTypeScript ? "ts" : "js", sourceType: "unambiguous" });
  const [error] = errors;
  if (error) return new Unread(`it has a syntax error: ${error.message}`);
  const directory = resolve(folder.root, file, "..");
  return readExportedValue(program, {
    directory,
    workingDirectory: folder.root,
    join: (...parts) => join(...parts),
  });
}

function readJson(text: string): StaticValue {
  try {
    return fromPlain(JSON.parse(text));
  } catch {
    return new Unread("it is not valid JSON"); // told to the user
  }
}

/** Parsed data in the form the reader of sources gives. */
function fromPlain(value: unknown, depth = 0): StaticValue {
  if (depth > 20) return new Unread("it is nested too deeply");
  if (value === null || value === undefined) return value;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.slice(0, 1_000).map((entry) => fromPlain(entry, depth + 1));
  if (typeof value !== "object") return new Unread("this kind of value is not read");
  return new Map(Object.entries(value).map(([key, entry]) => [key, fromPlain(entry, depth + 1)]));
}

function toProcess(entry: Map<string, StaticValue>, index: number): EcosystemProcess {
  const unread: string[] = [];
  const get = (...keys: string[]): StaticValue => {
    const key = keys.find((candidate) => entry.has(candidate));
    const value = key === undefined ? undefined : entry.get(key);
    if (!(value instanceof Unread)) return value;
    unread.push(`${key ?? ""}: ${value.why}`);
    return undefined;
  };
  const text = (...keys: string[]): string | undefined => {
    const value = get(...keys);
    return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
  };
  const words = (...keys: string[]): string[] => toWords(get(...keys), keys[0] ?? "", unread);
  const rest = entry.get("...");
  if (rest instanceof Unread) unread.push(rest.why);
  const script = text("script", "cmd") ?? "";
  const commandLine = /\s/.test(script) && !/\.[cm]?[jt]s$/.test(script) ? splitCommand(script).command : [];
  const [program = script, ...first] = commandLine;
  const result: EcosystemProcess = {
    name:
      text("name") ??
      (program
        .split("/")
        .at(-1)
        ?.replace(/\.[cm]?[jt]s$/, "") ||
        `app-${index + 1}`),
    script: program,
    args: [...first, ...words("args")],
    interpreter: text("interpreter", "exec_interpreter") ?? null,
    interpreterArgs: words("node_args", "nodeArgs", "interpreter_args", "interpreterArgs"),
    cwd: text("cwd") ?? ".",
    env: toEnvironment(get("env"), unread),
    instances: toInstances(get("instances")),
    maxMemoryBytes: toBytes(get("max_memory_restart")),
    isRestarted: get("autorestart") !== false,
    otherEnvironments: [...entry.keys()].filter((key) => /^env_\w+$/.test(key)).map((key) => key.slice(4)),
    unread,
  };
  if (script === "" && unread.length === 0) unread.push("script: there is none");
  return result;
}

function toWords(value: StaticValue, key: string, unread: string[]): string[] {
  if (typeof value === "string") {
    const { command, needs } = splitCommand(value);
    if (needs !== null && value.trim() !== "") unread.push(`${key}: needs a shell for ${needs}`);
    return command;
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((part) => {
    if (part instanceof Unread) unread.push(`${key}: ${part.why}`);
    return typeof part === "string" || typeof part === "number" ? [String(part)] : [];
  });
}

function toEnvironment(value: StaticValue, unread: string[]): Record<string, string> {
  const result: Record<string, string> = {};
  if (!(value instanceof Map)) return result;
  for (const [name, entry] of value) {
    if (entry instanceof Unread) unread.push(`env.${name}: ${entry.why}`);
    else if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && isPlain(entry)) result[name] = String(entry);
  }
  return result;
}

function isPlain(value: StaticValue): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** A number, also as text; "max", 0 and less count from the machine's processors, as PM2 does. */
function toInstances(value: StaticValue): number {
  if (value === undefined || value === null) return 1;
  const count = value === "max" ? 0 : Math.floor(Number(value));
  if (Number.isNaN(count)) return 1;
  return count > 0 ? count : Math.max(1, availableParallelism() + count);
}

/** "300M", "1G", "512K" or bytes, as PM2 writes memory. */
function toBytes(value: StaticValue): number | null {
  if (typeof value === "number") return value > 0 ? value : null;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)([KMG])?$/i.exec(value.trim()) : null;
  if (!match) return null;
  const unit = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[(match[2] ?? "").toUpperCase()] ?? 1;
  return Math.round(Number(match[1]) * unit);
}

/** The process's folder relative to the project, `null` when it lies outside of it. */
export function ecosystemFolder(root: string, { file }: Pick<EcosystemFile, "file">, cwd: string): string | null {
  const base = resolve(root, file, "..");
  return insideOf(root, isAbsolute(cwd) ? cwd : resolve(base, cwd));
}
