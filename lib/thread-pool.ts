import { Worker } from "node:worker_threads";

import { AppError } from "./app-error.ts";

/** What a program in a thread answers to a job. */
export type ThreadReply<Result, Failure> = { ok: true; value: Result } | { ok: false; failure: Failure };

/** Runs jobs outside of the thread that everything else waits for. */
export interface ThreadPool<Job, Reply> {
  /**
   * Runs one job in its turn. Rejects with `timeout` when it is not done in time, `too_large` when it needs more memory than it
   * may have, `unavailable` when its thread ends otherwise, and with the reason of `signal`; the thread is ended with it.
   */
  run(job: Job, options: { timeoutMs: number; signal: AbortSignal }): Promise<Reply>;
  /** Ends every thread. */
  stop(): Promise<void>;
}

export interface ThreadPoolOptions {
  /** The program of each thread: it answers each message with one. */
  file: string;
  /** Most threads at once; further jobs wait. */
  most: number;
  /** A thread that has had nothing to do for so long is ended, so that it costs no memory. */
  idleMs: number;
  maxMemoryMegabytes: number;
}

interface Thread {
  worker: Worker;
  idleTimer: NodeJS.Timeout | undefined;
}

/** Creates it; no thread is begun before the first job. */
export function createThreadPool<Job, Reply>(options: ThreadPoolOptions): ThreadPool<Job, Reply> {
  const { file, most, idleMs, maxMemoryMegabytes } = options;
  const idle: Thread[] = [];
  const all = new Set<Thread>();
  const waiting: (() => void)[] = [];
  let running = 0;

  function begin(): Thread {
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMegabytes } });
    worker.unref();
    worker.on("error", () => undefined); // whatever it says when nobody waits for it must not end the process
    const thread: Thread = { worker, idleTimer: undefined };
    all.add(thread);
    worker.once("exit", () => {
      all.delete(thread);
      const at = idle.indexOf(thread);
      if (at !== -1) idle.splice(at, 1);
    });
    return thread;
  }

  async function end(thread: Thread): Promise<void> {
    clearTimeout(thread.idleTimer);
    await thread.worker.terminate();
  }

  function keep(thread: Thread): void {
    thread.idleTimer = setTimeout(() => void end(thread), idleMs).unref();
    idle.push(thread);
  }

  async function runIn(thread: Thread, job: Job, limits: { timeoutMs: number; signal: AbortSignal }): Promise<Reply> {
    clearTimeout(thread.idleTimer);
    try {
      const reply = await ask<Reply>(thread.worker, job, limits);
      keep(thread);
      return reply;
    } catch (error) {
      void end(thread);
      throw error;
    }
  }

  async function turn(signal: AbortSignal): Promise<void> {
    if (running < most) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      const go = (): void => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      waiting.push(go);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** The turn goes to who waits longest. */
  function passOn(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    async run(job, { timeoutMs, signal }) {
      signal.throwIfAborted();
      await turn(signal);
      try {
        signal.throwIfAborted();
        return await runIn(idle.pop() ?? begin(), job, { timeoutMs, signal });
      } finally {
        passOn();
      }
    },
    async stop() {
      await Promise.all([...all].map(end));
    },
  };
}

function ask<Reply>(
  worker: Worker,
  job: unknown,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Reply> {
  const over = new AbortController();
  return new Promise<Reply>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new AppError("timeout", `It was not done within ${timeoutMs} ms`));
    }, timeoutMs);
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    const onError = (error: Error & { code?: string }): void => {
      const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      reject(
        isMemory
          ? new AppError("too_large", "It needs more memory than it may have", { cause: error })
          : new AppError("unavailable", error.message, { cause: error }),
      );
    };
    const onExit = (): void => {
      reject(new AppError("unavailable", "Its thread has ended"));
    };
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    signal.addEventListener("abort", onAbort, { once: true });
    over.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    });
    worker.postMessage(job, []);
  }).finally(() => {
    over.abort();
  });
}
