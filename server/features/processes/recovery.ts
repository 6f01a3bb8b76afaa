import { readFileSync } from "node:fs";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import type { Env } from "../../../lib/env.ts";
import type { Logger } from "../../../lib/logger.ts";
import { spawnChild } from "../../../lib/processes/spawn-child.ts";

export interface RecoveryOptions {
  env: Pick<Env, "rootDir" | "logsDir">;
  logger: Logger;
  isPm2Up: () => Promise<boolean>;
  /** Terminals and commands that run in portos-cos now; `null` when it does not answer. */
  countSessions: () => Promise<number | null>;
  report: (error: { source: string; message: string; hint?: string }) => void;
}

/** Brings PM2 back without a shell on the machine: from a phone, for example. */
export interface Recovery {
  /**
   * Begins what `npm start` does, apart from this process, which it ends and replaces. Throws `conflict` when PM2 is
   * there, when it is at work already, and, unless that is wanted, while terminals or commands run.
   */
  recover(wish: { isEndingSessions: boolean }): Promise<{ sessionsEnded: number }>;
}

/** Creates the recovery; its output goes to `<logsDir>/recovery.log`. */
export function createRecovery({ env, logger, isPm2Up, countSessions, report }: RecoveryOptions): Recovery {
  let isAtWork = false;

  function failed(why: string): void {
    logger.error("PM2 could not be brought up again", { why });
    report({ source: "PM2 could not be brought up again", message: why, hint: "Run npm start on the machine." });
  }

  /** It ends the process that started it, so it depends on nothing of ours but its log. */
  async function begin(words: string[]): Promise<void> {
    const logFile = join(env.logsDir, "recovery.log");
    isAtWork = true;
    try {
      const script = join(env.rootDir, "scripts/lib/run-control.mjs");
      const child = await spawnChild(process.execPath, [script, "start", ...words], {
        cwd: env.rootDir,
        env: configuration(process.env),
        logFile,
      });
      void child.exited.then(({ code }) => {
        isAtWork = false;
        // Told only when it fails before it has replaced us.
        if (code !== 0)
          failed(readFileSync(logFile, "utf8").trim().slice(-1_000) || `It ended with exit code ${code ?? "?"}`);
      });
    } catch (error) {
      isAtWork = false;
      failed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  return {
    async recover({ isEndingSessions }) {
      if (await isPm2Up()) throw new AppError("conflict", "PM2 is running; there is nothing to bring up");
      if (isAtWork) throw new AppError("conflict", "PM2 is being brought up already", { hint: "Wait a few seconds." });
      const sessions = (await countSessions()) ?? 0;
      if (sessions > 0 && !isEndingSessions)
        throw new AppError("conflict", `${sessions} terminal(s) or command(s) run and would end`, {
          hint: "Finish what runs there, or confirm that it may end.",
        });
      logger.warn("Bringing PM2 up again as asked", { sessions });
      await begin(isEndingSessions ? ["--restart-cos"] : []);
      return { sessionsEnded: sessions };
    },
  };
}

/** What the user has set for PortOS, which the six then get anew; the variables of PM2 stay behind. */
function configuration(variables: NodeJS.ProcessEnv): Record<string, string> {
  const names = new Set(["HOST", "CDP_PORT", "CDP_HOST", "VITE_API_HOST", "NODE_ENV"]);
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value !== undefined && (name.startsWith("PORTOS_") || names.has(name)) ? [[name, value]] : [],
    ),
  );
}
