import type { GatewayCode } from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createThreadPool, type ThreadReply } from "../../../lib/thread-pool.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import type { TextReply } from "../reading/page.ts";
import type { ExtractOutput, ExtractWish } from "./extract.ts";
import type { FetchOutput, FetchWish } from "./fetch.ts";

/** A page and what is wanted of it. */
export type PageJob =
  { kind: "fetch"; text: TextReply; wish: FetchWish } | { kind: "extract"; text: TextReply; wish: ExtractWish };

/** What a thread says when a page cannot be read as it is wanted. */
export interface PageFailure {
  code: GatewayCode;
  message: string;
  hint: string;
  isFinal: boolean;
}

export type PageReply = ThreadReply<FetchOutput | ExtractOutput, PageFailure>;

interface PageCall {
  signal: AbortSignal;
  timeLeftMs(): number;
}

/** Reads pages where nothing else waits for it: some are made to take long. */
export interface PageReader {
  fetch(text: TextReply, wish: FetchWish, call: PageCall): Promise<FetchOutput>;
  extract(text: TextReply, wish: ExtractWish, call: PageCall): Promise<ExtractOutput>;
  stop(): Promise<void>;
}

/** No honest page takes longer on a slow machine. */
const longestMs = 15_000;
const threads = { most: 2, idleMs: 30_000, maxMemoryMegabytes: 256 };

/** Reads in threads that run the program `file`, which answers with `runPageJob`. */
export function createPageReader(file: string): PageReader {
  const pool = createThreadPool<PageJob, PageReply>({ file, ...threads });

  async function run(job: PageJob, { signal, timeLeftMs }: PageCall): Promise<FetchOutput | ExtractOutput> {
    const timeoutMs = Math.max(1, Math.min(longestMs, Math.ceil(timeLeftMs())));
    const reply = await pool.run(job, { timeoutMs, signal }).catch((error: unknown) => {
      throw toPageError(error);
    });
    if (reply.ok) return reply.value;
    const { code, message, hint, isFinal } = reply.failure;
    throw new GatewayError(code, message, { hint, isFinal });
  }

  return {
    fetch: async (text, wish, call) => (await run({ kind: "fetch", text, wish }, call)) as FetchOutput,
    extract: async (text, wish, call) => (await run({ kind: "extract", text, wish }, call)) as ExtractOutput,
    stop: () => pool.stop(),
  };
}

function toPageError(error: unknown): unknown {
  if (!(error instanceof AppError) || error instanceof GatewayError) return error;
  const hint = "The page may be made to take long. Use download, or read another page.";
  if (error.code === "timeout")
    return new GatewayError("timeout", "Reading the page took too long", { hint, isFinal: true, cause: error });
  if (error.code === "too_large")
    return new GatewayError("too_large", "Reading the page took too much memory", {
      hint,
      isFinal: true,
      cause: error,
    });
  return error;
}
