import type { ProcessName } from "../contract/ports.ts";
import { AppError } from "./app-error.ts";
import { parseEnv, type Env } from "./env.ts";
import { createLogger, type Logger } from "./logger.ts";
import { keepFilesPrivate } from "./processes/user-umask.ts";

export interface Service {
  /** Ends everything the service started; what is not done after ten seconds is cut. */
  stop(): Promise<void>;
}

const stopWithinMs = 10_000;

/** The main program of a process: parses the environment once, starts, tells PM2 when ready, stops on signals. */
export function runService(
  name: ProcessName,
  start: (context: { env: Env; logger: Logger }) => Promise<Service>,
): void {
  process.title = name;
  keepFilesPrivate();
  let logger = createLogger();
  let service: Service | undefined;
  let isStopping = false;

  function stop(reason: string): void {
    if (isStopping) return;
    isStopping = true;
    logger.info("Stopping", { reason });
    const timer = setTimeout(() => {
      end(1);
    }, stopWithinMs);
    timer.unref();
    void (service?.stop() ?? Promise.resolve()).then(
      () => {
        end(0);
      },
      (error: unknown) => {
        logger.error("Could not stop cleanly", {}, error);
        end(1);
      },
    );
  }

  function fail(what: string, error: unknown): void {
    logger.error(what, {}, error);
    if (error instanceof AppError && error.hint) logger.error(error.hint);
    if (isStopping || !service) end(1);
    else stop("failure");
    process.exitCode = 1;
  }

  // PM2 reads what is printed. When its daemon is gone nobody does, and what lives here must not end because of that.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  // Node would open its debugger to every program of this machine, agents' among them, which could do anything in here.
  process.on("SIGUSR1", () => undefined);
  process.once("SIGTERM", () => {
    stop("SIGTERM");
  });
  process.once("SIGINT", () => {
    stop("SIGINT");
  });
  process.on("message", (message) => {
    if (message === "shutdown") stop("shutdown message");
  });
  process.on("uncaughtException", (error) => {
    fail("Uncaught exception", error);
  });
  process.on("unhandledRejection", (error) => {
    fail("Unhandled rejection", error);
  });

  void launch().catch((error: unknown) => {
    fail(`${name} could not start`, error);
  });

  async function launch(): Promise<void> {
    const env = parseEnv(process.env, process.cwd());
    logger = createLogger({ level: env.logLevel });
    service = await start({ env, logger });
    logger.info("Ready", { pid: process.pid, ms: Math.round(performance.now()) });
    process.send?.("ready");
  }
}

function end(code: number): void {
  process.exit(process.exitCode === undefined || process.exitCode === 0 ? code : process.exitCode);
}
