import { AppError } from "../app-error.ts";
import { redact } from "../redact.ts";
import { runCommand, type CommandResult } from "./run-command.ts";

/**
 * Where git works: a folder, or a work tree together with its git directory. Naming both keeps a `.git` that a program
 * has put into the folder from deciding which configuration is used.
 */
export type GitPlace = string | { gitDir: string; workTree: string };

export interface GitOptions {
  /** Ended after this time; 30 s by default. */
  timeoutMs?: number;
  /** Kept of the output; 8 MiB by default. */
  maxBytes?: number;
  /** Written to its standard input. */
  input?: string | Uint8Array;
  /** How output becomes text; `latin1` keeps every byte. `utf8` by default. */
  encoding?: "utf8" | "latin1";
  /** Added to the cleaned environment: `GIT_INDEX_FILE`, `GIT_AUTHOR_NAME`. */
  env?: Record<string, string>;
  /** Further settings, "name=value". */
  settings?: readonly string[];
  signal?: AbortSignal;
}

/** Settings that would run a program, ask somebody, or reach out, each turned off for every command. */
const safeSettings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.askPass=",
  "credential.interactive=false",
  "protocol.ext.allow=never",
  "commit.gpgSign=false",
  "tag.gpgSign=false",
  "log.showSignature=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "submodule.recurse=false",
  "status.submoduleSummary=false",
  "advice.detachedHead=false",
];

const safeEnvironment = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  /** Names of files are names, whatever signs are in them. */
  GIT_LITERAL_PATHSPECS: "1",
  GIT_EDITOR: ":",
  GIT_SEQUENCE_EDITOR: ":",
  GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
  LC_ALL: "C",
};

/** Commands that show differences: they would run what the configuration names to show them. */
const showing = new Set(["diff", "diff-files", "diff-index", "diff-tree", "format-patch", "log", "show"]);
/** Commands that look into submodules, whose own configuration nobody has looked at. */
const lookingInside = new Set(["diff", "diff-files", "diff-index", "status"]);

/**
 * Runs git with an argument array and resolves when it has ended, whatever the outcome. No hook, pager, editor, prompt,
 * file system monitor, external diff, text conversion or signature runs; nothing of the caller's `GIT_*` variables is
 * handed on; pathspecs are taken literally. Give file names after `--`.
 */
export function runGit(place: GitPlace, args: readonly string[], options: GitOptions = {}): Promise<CommandResult> {
  const { env = {}, maxBytes = 8 * 1024 * 1024, settings: more = [], ...rest } = options;
  const folder = typeof place === "string" ? place : place.workTree;
  const where = typeof place === "string" ? [] : [`--git-dir=${place.gitDir}`, `--work-tree=${place.workTree}`];
  const settings = [...safeSettings, ...more].flatMap((setting) => ["-c", setting]);
  return runCommand("git", ["--no-pager", ...settings, "-C", folder, ...where, ...guarded(args)], {
    ...rest,
    maxBytes,
    env: { ...safeEnvironment, ...env },
  });
}

/**
 * What git writes to its standard output. Throws `unavailable` when git is not installed, `timeout` when it took too
 * long, `too_large` when the output is longer than `maxBytes`, `conflict` with git's own words when it fails.
 */
export async function git(place: GitPlace, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await runGit(place, args, options);
  if (result.code === 0 && !result.isCut) return result.stdout;
  throw gitError(args, result);
}

/** What went wrong in a git command, as an error for the user. */
export function gitError(args: readonly string[], result: CommandResult): AppError {
  const name = `git ${args[0] ?? ""}`.trim();
  if (result.startError === "ENOENT")
    return new AppError("unavailable", "Git was not found on this machine", {
      hint: "Install git and make sure that it is in PATH.",
    });
  if (result.startError !== null)
    return new AppError("unavailable", `Git could not be started (${result.startError})`, {});
  if (result.signal !== null && !result.isTimedOut)
    return new AppError("unavailable", `${name} was ended by ${result.signal}`);
  if (result.isTimedOut) return new AppError("timeout", `${name} took too long and was ended`);
  if (result.code === 0) return new AppError("too_large", `${name} wrote more than can be taken in`);
  return new AppError("conflict", `${name} failed: ${lastWords(result.stderr)}`);
}

function guarded(args: readonly string[]): string[] {
  const [command = "", ...rest] = args;
  const extra = [
    ...(showing.has(command) ? ["--no-ext-diff", "--no-textconv"] : []),
    ...(lookingInside.has(command) ? ["--ignore-submodules=dirty"] : []),
  ];
  return [command, ...extra, ...rest];
}

function lastWords(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("hint:"));
  const said = lines.findLast((line) => /^(?:fatal|error):/.test(line)) ?? lines.at(-1) ?? "no reason was given";
  return redact(said.replace(/^(?:fatal|error): /, "")).slice(0, 500);
}
