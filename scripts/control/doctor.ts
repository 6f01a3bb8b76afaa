import { accessSync, constants, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { homedir } from "node:os";

import { findChrome } from "../../browser/find-chrome.ts";
import { installHelp } from "../../browser/install-help.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import { createPm2Client, type Pm2Process } from "../../lib/processes/pm2-client.ts";
import { maxPm2HomeLength } from "../../lib/processes/pm2-daemon.ts";
import { runCommand } from "../../lib/processes/run-command.ts";
import { readTailnet } from "../../lib/tailnet.ts";
import { askHealth } from "./health.ts";
import { findOrphans, findUnmanagedApps } from "./orphans.ts";
import { readOwnProcesses } from "./own-processes.ts";
import { ownPm2Version } from "./pm2-runtime.ts";
import { takenPorts, whyNotWritable } from "./preflight.ts";
import { say, style } from "./terminal-output.ts";

/** Outcome of one check. `warning`: PortOS runs, but something it offers does not. */
export interface Finding {
  level: "ok" | "warning" | "failure";
  what: string;
  /** What to do about it. */
  cure?: string;
}

type Check = (context: { env: Env; list: Pm2Process[]; pm2Version: string | null }) => Promise<Finding> | Finding;

const leastFreeBytes = 1024 ** 3;

const ok = (what: string): Finding => ({ level: "ok", what });
const warning = (what: string, cure: string): Finding => ({ level: "warning", what, cure });
const failure = (what: string, cure: string): Finding => ({ level: "failure", what, cure });

/** Looks at everything PortOS depends on and says how to mend what is wrong; resolves with whether nothing failed. */
export async function runDoctor(env: Env): Promise<boolean> {
  const client = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
  const [list, pm2Version] = [await client.list(), await client.version()];
  client.close();
  let hasFailed = false;
  for (const check of checks) {
    const finding = await attempt(() => check({ env, list, pm2Version }));
    hasFailed ||= finding.level === "failure";
    printFinding(finding);
  }
  say();
  say(hasFailed ? style.red("Something needs mending.") : style.green("PortOS can run here."));
  return !hasFailed;
}

/** One finding as the command line shows it. */
export function printFinding({ level, what, cure }: Finding): void {
  const marks = { ok: style.green("✓"), warning: style.yellow("!"), failure: style.red("✗") };
  say(`${marks[level]} ${what}`);
  if (cure !== undefined) for (const line of cure.split("\n")) say(`    ${line}`);
}

async function attempt(check: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    return failure(error instanceof Error ? error.message : String(error), hint ?? "This check itself failed.");
  }
}

function checkFolder(what: string, folder: string, variable: string): Finding {
  const problem = whyNotWritable(folder);
  if (!problem) return ok(`The ${what} folder can be written: ${folder}`);
  return failure(
    `The ${what} folder cannot be written: ${folder} (${problem})`,
    `Give yourself write access, or set ${variable}.`,
  );
}

async function checkPorts({ env, list, pm2Version }: Parameters<Check>[0]): Promise<Finding> {
  const orphans = pm2Version === null ? await findOrphans(env, readOwnProcesses(env.rootDir)) : [];
  const ours = new Set([...list, ...orphans].map(({ pid }) => pid));
  const { cdp, ...wanted } = env.ports;
  const taken = takenPorts(wanted, await listeningPorts(), ({ pid }) => pid !== null && ours.has(pid));
  const range = `${env.ports.server} to ${env.ports.autofixerUi}`;
  if (taken.length === 0) return ok(`Ports ${range} are free or ours (Chrome uses ${cdp})`);
  return failure(
    taken.map(({ port, by }) => `Port ${port} is taken by ${by}`).join("\n  "),
    `Stop that program, or choose other ports: PORTOS_BASE_PORT=${env.ports.server + 1000} npm start`,
  );
}

function checkPm2({ env, pm2Version }: Parameters<Check>[0]): Finding {
  const ours = ownPm2Version(env.rootDir);
  if (pm2Version === null) return ok(`PM2 ${ours} is installed, its daemon is not running`);
  if (pm2Version === ours) return ok(`PM2 ${ours} is running`);
  return failure(
    `The PM2 daemon of PortOS runs version ${pm2Version}, this PortOS brings ${ours}`,
    "npm stop -- --all (it also ends your apps and terminals), then npm start",
  );
}

async function checkProcesses({ env, pm2Version }: Parameters<Check>[0]): Promise<Finding> {
  const processes = readOwnProcesses(env.rootDir);
  const health = await Promise.all(processes.map(({ port, name }) => askHealth(port, name)));
  const alone = processes.filter((_, index) => health[index] !== null);
  if (pm2Version === null && alone.length > 0)
    return failure(
      `PM2 was killed; without it ${alone.map(({ name }) => name).join(", ")} go on, and nothing restarts them`,
      "npm start takes over.",
    );
  if (pm2Version === null) return ok("PortOS is not running");
  const silent = processes.filter((_, index) => health[index] === null);
  if (silent.length === 0) return ok("All six processes answer");
  return failure(
    `No answer from ${silent.map(({ name }) => name).join(", ")}`,
    `npm start brings them up; their logs are in ${env.logsDir}`,
  );
}

async function checkUnmanaged({ env }: Parameters<Check>[0]): Promise<Finding> {
  const apps = await findUnmanagedApps(env);
  if (apps.length === 0) return ok("No app runs outside PortOS' management");
  return warning(
    `Outside PortOS' management since PM2 was killed: ${apps.map(({ name }) => name).join(", ")}`,
    "Restart them in the panel to manage them again.",
  );
}

async function checkDisk({ env }: Parameters<Check>[0]): Promise<Finding> {
  const { bavail, bsize } = await statfs(env.dataDir);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GB are free for ${env.dataDir}`;
  return free < leastFreeBytes ? warning(text, "Free some space; with a full disk nothing can be saved.") : ok(text);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there
  }
}

function checkChrome({ env }: Parameters<Check>[0]): Finding {
  const { platform } = process;
  const found = findChrome(env.chromePath, { platform, variables: process.env, homeDir: homedir(), isExecutable });
  if (found) return ok(`Chrome: ${found}`);
  if (env.chromePath === "none") return ok("Chrome is switched off (PORTOS_CHROME=none)");
  const osRelease = platform === "linux" ? readFileSync("/etc/os-release", "utf8") : "";
  const { steps } = installHelp({ platform, arch: process.arch, osRelease });
  return warning(
    "No Chrome or Chromium was found; everything but the browser works",
    steps.map(({ what, command }) => (command ? `${what}: ${command}` : what)).join("\n"),
  );
}

async function checkTailscale(): Promise<Finding> {
  const { state, dnsName, addresses } = await readTailnet();
  if (state === "running") return ok(`Tailscale: ${dnsName || addresses.join(", ")}`);
  if (state === "stopped") return warning("Tailscale is installed but not connected", "Run: tailscale up");
  return warning(
    "Tailscale was not found; PortOS opens on this machine only",
    "Install it here and on your phone: https://tailscale.com/download",
  );
}

async function checkProgram(name: string, cure: string, isNeeded: boolean): Promise<Finding> {
  const { code, stdout } = await runCommand(name, ["--version"], { timeoutMs: 15_000 });
  const version = stdout.trim().split("\n")[0] ?? "";
  if (code === 0) return ok(name === "git" ? version : `${name} ${version}`);
  return isNeeded ? failure(`${name} does not run`, cure) : warning(`${name} was not found`, cure);
}

async function checkClock(): Promise<Finding> {
  const { code, stdout } = await runCommand("timedatectl", ["show", "--property=NTPSynchronized", "--value"], {
    timeoutMs: 3_000,
  });
  const built = Number(new Date("2026-01-01"));
  if (Date.now() < built)
    return failure(`The clock says ${new Date().toISOString()}`, "Set the time; schedules follow it.");
  if (code === 0 && stdout.trim() === "no")
    return warning("The clock is not synchronised", "sudo timedatectl set-ntp true");
  return ok(`The clock says ${new Date().toISOString()}`);
}

const checks: readonly Check[] = [
  () => checkProgram("npm", "Install Node.js with npm: https://nodejs.org", true),
  () => checkProgram("git", "Install git; without it PortOS cannot say what changed in your apps.", false),
  ({ env }) => checkFolder("data", env.dataDir, "PORTOS_DATA_DIR"),
  ({ env }) => checkFolder("state", env.stateDir, "PORTOS_STATE_DIR"),
  ({ env }) =>
    Buffer.byteLength(env.pm2Home) > maxPm2HomeLength
      ? failure(
          `The state folder's path is too long for PM2's sockets: ${env.stateDir}`,
          "Set PORTOS_STATE_DIR to a shorter path.",
        )
      : ok("The state folder's path is short enough for PM2's sockets"),
  checkDisk,
  checkPm2,
  checkPorts,
  checkProcesses,
  checkUnmanaged,
  checkChrome,
  checkTailscale,
  checkClock,
];
