import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";

import type { AgentKind } from "../../../contract/features/providers.ts";
import { basicArguments } from "../../../lib/processes/bubblewrap.ts";
import { hiddenInHome, hidePlace } from "../../../lib/processes/hidden-places.ts";
import { packageFolder } from "../../../lib/processes/package-folder.ts";
import { agentFolders, cachesInHome } from "./agent-folders.ts";
import type { SandboxRepository } from "./sandbox-repository.ts";

export interface SandboxPlaces {
  home: string;
  /** Folders that hold what nobody in a sandbox may see: data, state, configuration of PortOS. */
  hidden: readonly string[];
  /** `PATH` of programs in it. */
  searchPath: string;
  /** Folder with what a run was given along, which its programs may read although it lies in what is hidden; it need not exist. */
  givenTo(runId: string): string;
}

export interface SandboxRequest {
  /** Absolute path of bubblewrap. */
  bubblewrap: string;
  hasNetwork: boolean;
  runId: string;
  places: SandboxPlaces;
  worktree: string;
  repository: string;
  commonDir: string;
  own: SandboxRepository;
  /** Whose state may be written. */
  agent: AgentKind | null;
  /** Folder it starts in. */
  cwd: string;
  file: string;
  args: readonly string[];
}

/** Places every sandbox has empty ones of: temporary files, and the sockets of other programs. */
const emptied = ["/tmp", "/var/tmp", "/run", "/var/run"];
/** Ways to programs outside of the sandbox. */
const doors = [
  "DBUS_SESSION_BUS_ADDRESS",
  "DISPLAY",
  "GPG_AGENT_INFO",
  "SSH_AGENT_PID",
  "SSH_AUTH_SOCK",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "XDG_RUNTIME_DIR",
];

/** A program in a sandbox: everything read-only but the worktree, what git needs of it, /tmp and the agent's own state. */
export function sandboxCommand(request: SandboxRequest): { file: string; args: string[] } {
  const { places, worktree, own, agent, cwd } = request;
  const args = [...basicArguments, ...(request.hasNetwork ? [] : ["--unshare-net"])];
  const empty = emptied.filter(isRealFolder);
  for (const folder of empty) args.push("--tmpfs", folder);
  const home = realOr(places.home);
  const secrets = [...hiddenInHome.map((name) => join(home, name)), ...places.hidden];
  const shown = [home, request.repository, request.commonDir, ...programFolders(request), ...systemFolders()];
  for (const folder of new Set(shown)) if (isUnder(folder, empty)) args.push("--ro-bind-try", folder, folder);
  for (const name of cachesInHome) if (isRealFolder(join(home, name))) args.push("--tmpfs", join(home, name));
  for (const place of new Set(secrets)) args.push(...hidePlace(place));
  args.push("--bind", worktree, worktree, "--ro-bind", own.pointer, join(worktree, ".git"));
  args.push("--ro-bind", own.folder, own.folder);
  for (const path of own.writable) args.push("--bind", path, path);
  for (const path of own.readOnly) args.push("--ro-bind", path, path);
  args.push(...stateOf(agent, home));
  const given = realOr(places.givenTo(request.runId));
  args.push("--ro-bind-try", given, given);
  for (const name of doors) args.push("--unsetenv", name);
  args.push("--setenv", "TMPDIR", "/tmp", "--chdir", cwd, "--", request.file, ...request.args);
  return { file: request.bubblewrap, args };
}

function stateOf(agent: AgentKind | null, home: string): string[] {
  const { writable, settings } = agentFolders(agent);
  const args: string[] = [];
  for (const name of writable) {
    const path = join(home, name);
    if (name.endsWith("/")) mkdirSync(path, { recursive: true, mode: 0o700 });
    args.push("--bind-try", path, path);
  }
  for (const name of settings) args.push("--ro-bind-try", join(home, name), join(home, name));
  return args;
}

/** Where the program and those in PATH are, links and all: some managers put them below /run or /tmp. */
function programFolders({ file, args, places }: SandboxRequest): string[] {
  const folders = places.searchPath.split(":").filter((folder) => folder.startsWith("/"));
  // An interpreter is told its script first, which needs the package it belongs to.
  const script = args[0] ?? "";
  const own = script.startsWith("/") ? [packageFolder(dirname(realOr(script)))] : [];
  const files = [file, script].filter((path) => path.startsWith("/"));
  return [...folders, ...files.flatMap((path) => [dirname(path), dirname(realOr(path))]), ...own];
}

/** Names of hosts, and the programs of systems that keep them below /run. */
function systemFolders(): string[] {
  return [realOr("/etc/resolv.conf"), "/run/current-system"];
}

function isRealFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false; // not there
  }
}

function isUnder(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder + sep));
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there: it is left out later
  }
}
