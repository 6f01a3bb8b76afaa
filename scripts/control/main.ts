import { AppError } from "../../lib/app-error.ts";
import { parseEnv, type Env } from "../../lib/env.ts";
import { readDaemonPid } from "../../lib/processes/pm2-daemon.ts";
import { isStartedByRun } from "../../lib/processes/run-members.ts";
import { access } from "./access.ts";
import { runDoctor } from "./doctor.ts";
import { evidence, evidenceWords } from "./evidence.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { say, style } from "./terminal-output.ts";

export interface ControlHooks {
  /** Called after a start when no process runs a former build any more. */
  onAllCurrent?: () => void;
}

/**
 * Runs one command of the command line: `start [--restart-cos] [--quiet] [--without-ui]`, `stop [--all]`, `status`, `doctor`,
 * `access [--reset-pin]`, `evidence verify [--file=<path>] [--expect=<number>:<hash>]`.
 * Resolves with the exit code; what is wrong and what to do about it has been printed then.
 */
export async function runControl(
  rootDir: string,
  command: string,
  words: readonly string[],
  hooks: ControlHooks = {},
): Promise<number> {
  const unknown = words.filter((word) => !options[command]?.test(word));
  if (!(command in options) || unknown.length > 0) {
    say(`${style.red("✗")} Unknown: ${[command, ...unknown].join(" ")}`);
    return 2;
  }
  try {
    return await run(parseEnv(process.env, rootDir), command, new Set(words), hooks);
  } catch (error) {
    printFailure(withPm2Hint(error, rootDir));
    return 1;
  }
}

/** A PM2 that is there but does not answer is ended by hand: what runs lives on, and a start takes over. */
function withPm2Hint(error: unknown, rootDir: string): unknown {
  if (!(error instanceof AppError && error.code === "timeout" && error.message.startsWith("PM2"))) return error;
  const { pm2Home } = parseEnv(process.env, rootDir);
  const pid = readDaemonPid(pm2Home);
  const end = pid === null ? "" : ` If it stays so: kill -9 ${pid}, then npm start.`;
  return new AppError("timeout", error.message, { hint: `Look at ${pm2Home}/pm2.log.${end}`, cause: error });
}

const nothing = /^$/;
const options: Record<string, RegExp> = {
  start: /^--(?:restart-cos|quiet|without-ui)$/,
  stop: /^--all$/,
  status: nothing,
  doctor: nothing,
  access: /^--reset-pin$/,
  evidence: evidenceWords,
};

/** What changes something. To look is allowed to everybody, though the processes answer no agent. */
const acts: ReadonlySet<string> = new Set(["start", "stop", "access"]);

/** PortOS does not answer programs of agents: a start by one would wait in vain and take everything down again. */
function refuseAgents({ dataDir, pm2Home }: Env, command: string): void {
  if (!acts.has(command) || !isStartedByRun(dataDir, readDaemonPid(pm2Home))) return;
  throw new AppError("forbidden", "A program started by an agent may not use PortOS", {
    hint: "Do it in a terminal of your own. A second PortOS to work on needs PORTOS_BASE_PORT and PORTOS_DATA_DIR of its own.",
  });
}

async function run(env: Env, command: string, words: ReadonlySet<string>, hooks: ControlHooks): Promise<number> {
  refuseAgents(env, command);
  if (command === "stop") await stop(env, { isAll: words.has("--all") });
  else if (command === "status") return (await status(env)) ? 0 : 1;
  else if (command === "doctor") return (await runDoctor(env)) ? 0 : 1;
  else if (command === "evidence") return (await evidence(env, words)) ? 0 : 1;
  else if (command === "access") return (await access(env, { isPinReset: words.has("--reset-pin") })) ? 0 : 1;
  else {
    const { isCurrent } = await start(env, {
      isCosRestarted: words.has("--restart-cos"),
      isQuiet: words.has("--quiet"),
      isUiLeftOut: words.has("--without-ui"),
    });
    if (isCurrent) hooks.onAllCurrent?.();
  }
  return 0;
}

function printFailure(error: unknown): void {
  if (!(error instanceof AppError)) {
    say(`${style.red("✗")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return;
  }
  say(`${style.red("✗")} ${error.message}`);
  const untold = (error.issues ?? []).filter(({ message }) => !error.message.includes(message));
  for (const { path, message } of untold) say(`    ${style.bold(path)} ${message}`);
  if (error.hint) for (const line of error.hint.split("\n")) say(`  ${line}`);
}
