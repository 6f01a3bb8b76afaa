import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { isProcessAlive, signalProcess } from "../lib/processes/process-info.ts";
import { spawnChild } from "../lib/processes/spawn-child.ts";
import { AppError } from "../lib/app-error.ts";
import type { Logger } from "../lib/logger.ts";
import type { CdpHttp, CdpVersion } from "../lib/chrome/cdp-http.ts";
import { clearProfileLock, profileOwner } from "./profile-lock.ts";

/** A Chrome that answers on its port, started by us or taken over. */
export interface RunningChrome {
  pid: number;
  version: string;
  isAdopted: boolean;
  /** Settles with a sentence that says how it ended. Never settles after `dispose`. */
  ended: Promise<string>;
  dispose(): void;
}

export interface ChromeProcessOptions {
  http: CdpHttp;
  port: number;
  profileDir: string;
  /** What Chrome prints; begun anew with each start. */
  logFile: string;
  logger: Logger;
  startWithinMs?: number;
  /** From the polite request to end until the rough one. */
  endWithinMs?: number;
}

const pollMs = 100;
const watchAdoptedMs = 2_000;

/** Starts, takes over and ends the one Chrome of this profile. */
export function createChromeProcess(options: ChromeProcessOptions) {
  const { http, profileDir, logFile, logger, startWithinMs = 20_000, endWithinMs = 4_000 } = options;

  /** The Chrome a killed browser process left behind, when it has these arguments and still answers; else it is ended. */
  async function adopt(wanted: readonly string[]): Promise<RunningChrome | null> {
    const owner = await profileOwner(profileDir);
    if (!owner) {
      await clearProfileLock(profileDir);
      return null;
    }
    const version = hasArguments(owner.commandLine, wanted) ? await http.version().catch(() => null) : null;
    if (version === null) {
      logger.warn("Ending a Chrome that was left behind", { pid: owner.pid });
      await end(owner.pid);
      await clearProfileLock(profileDir);
      return null;
    }
    logger.info("Took over the Chrome that was left behind", { pid: owner.pid });
    return { pid: owner.pid, version: version.Browser, isAdopted: true, ...watchPid(owner.pid) };
  }

  async function launch(executable: string, args: readonly string[]): Promise<RunningChrome> {
    await mkdir(profileDir, { recursive: true, mode: 0o700 });
    await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
    if (await http.version().then(isAnswer, isAnswerOfAnother))
      throw new AppError("conflict", `Port ${options.port} is used by another program`, {
        hint: "Stop the other program or set CDP_PORT.",
      });
    const child = await spawnChild(executable, args, { cwd: profileDir, logFile });
    const ended = child.exited.then(({ code, signal }) =>
      signal === null ? `Chrome ended with exit code ${code ?? "unknown"}` : `Chrome was ended by ${signal}`,
    );
    const version = await Promise.race([awaitAnswer(startWithinMs), ended]);
    if (version !== null && typeof version === "object")
      return { pid: child.pid, version: version.Browser, isAdopted: false, ended, dispose: () => undefined };
    await end(child.pid);
    const why = version ?? `Chrome did not answer within ${startWithinMs / 1000} s of its start`;
    throw new AppError("unavailable", [why, await lastWords(logFile)].filter(Boolean).join(": "));
  }

  async function awaitAnswer(withinMs: number): Promise<CdpVersion | null> {
    const until = performance.now() + withinMs;
    while (performance.now() < until) {
      const version = await http.version().catch(() => null);
      if (version) return version;
      await pause(pollMs);
    }
    return null;
  }

  /** Asks Chrome to end, then forces it. A hung Chrome is forced at once. */
  async function end(pid: number, isHung = false): Promise<void> {
    if (!isHung) {
      signalProcess(pid, "SIGTERM");
      if (await isGone(pid, endWithinMs)) return;
    }
    signalProcess(pid, "SIGKILL");
    if (!(await isGone(pid, endWithinMs)))
      throw new AppError("unavailable", `Chrome (process ${pid}) could not be ended`);
  }

  return { adopt, launch, end };
}

export type ChromeProcess = ReturnType<typeof createChromeProcess>;

/** Whether a running Chrome has all switches it would be started with now. */
function hasArguments(commandLine: string, wanted: readonly string[]): boolean {
  const present = ` ${commandLine} `;
  return wanted.every((argument) => present.includes(` ${argument} `) || argument === "about:blank");
}

function watchPid(pid: number): Pick<RunningChrome, "ended" | "dispose"> {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<string>((resolve) => {
    timer = setInterval(() => {
      void isProcessAlive(pid).then((isAlive) => {
        if (!isAlive) resolve("Chrome ended");
      });
    }, watchAdoptedMs);
    timer.unref();
  });
  const dispose = (): void => {
    clearInterval(timer);
  };
  void ended.then(dispose);
  return { ended, dispose };
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (;;) {
    if (!(await isProcessAlive(pid))) return true;
    if (performance.now() >= until) return false;
    await pause(50);
  }
}

function isAnswer(): boolean {
  return true;
}

function isAnswerOfAnother(error: unknown): boolean {
  return !(error instanceof AppError && error.code === "unavailable");
}

/** The last line Chrome printed that tells something, for the reason shown to the user. */
async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => /error|fatal|cannot|failed|denied|missing|no such/i.test(line));
  const line = lines.findLast((candidate) => !/dbus|gcm|registration_request|vaapi|gpu/i.test(candidate)) ?? "";
  return line.replace(/^\[[^\]]*\]\s*/, "").slice(0, 300);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
