import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, join } from "node:path";

import { childEnvironment } from "../../lib/processes/child-environment.ts";

export interface Launch {
  file: string;
  args: string[];
  env: Record<string, string>;
}

export interface LaunchOptions {
  /** Folder of our shell start files. */
  integrationDirectory: string;
  /** Proves that a mark comes from our start file. */
  nonce: string;
  env: Record<string, string>;
  shell?: string;
}

/** The shell the user logs in with. */
export function loginShell(environment: NodeJS.ProcessEnv = process.env): string {
  const candidates = [userInfo().shell, environment["SHELL"], "/bin/bash", "/bin/sh"];
  return candidates.find((path) => path && existsSync(path)) ?? "/bin/sh";
}

/** Environment of everything that runs in a session: the allow-listed one, and what a terminal says of itself. */
export function sessionEnvironment(extra: Record<string, string>): Record<string, string> {
  const env = childEnvironment({ TERM_PROGRAM: "PortOS", COLORTERM: "truecolor" });
  env["LANG"] ??= process.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8";
  return { ...env, TERM: "xterm-256color", ...extra };
}

/** How to start the user's shell so that it reports commands and folders, without touching the user's files. */
export function launchShell(options: LaunchOptions): Launch {
  const { integrationDirectory, nonce } = options;
  const file = options.shell ?? loginShell();
  const env = { ...sessionEnvironment(options.env), SHELL: file };
  const marked = { ...env, __PORTOS_NONCE: nonce };
  switch (basename(file)) {
    case "bash":
      return { file, args: ["--init-file", join(integrationDirectory, "portos.bash"), "-i"], env: marked };
    case "zsh": {
      const own = process.env["ZDOTDIR"];
      const shim = { ZDOTDIR: join(integrationDirectory, "zsh"), ...(own ? { __PORTOS_ZDOTDIR: own } : {}) };
      return { file, args: ["-l", "-i"], env: { ...marked, ...shim } };
    }
    case "fish": {
      const source = `source ${quoteForFish(join(integrationDirectory, "portos.fish"))}`;
      return { file, args: ["-l", "-i", "-C", source], env: marked };
    }
    default:
      return { file, args: ["-l"], env };
  }
}

/** How to run a command line the user typed: by the login shell, as if typed there. */
export function launchCommandLine(line: string, env: Record<string, string>): Launch {
  const file = loginShell();
  return { file, args: ["-l", "-c", line], env: { ...sessionEnvironment(env), SHELL: file } };
}

function quoteForFish(path: string): string {
  return `'${path.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
