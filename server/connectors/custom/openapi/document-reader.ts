import type { ErrorCode } from "../../../../contract/errors.ts";
import type { ConnectorDraft } from "../../../../contract/features/custom-connectors.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { createThreadPool, type ThreadReply } from "../../../../lib/thread-pool.ts";

/** What a thread says of a document it cannot read. */
export interface DocumentFailure {
  code: ErrorCode;
  message: string;
  hint: string;
  issues: { path: string; message: string }[];
}

export type DocumentReply = ThreadReply<ConnectorDraft, DocumentFailure>;

/** Reads documents where nothing else waits for it: some are large, and some are made to take long. */
export interface DocumentReader {
  /** A draft of a connector of an OpenAPI document. Throws `invalid_request`, also for one that takes too long or too much memory. */
  openApi(text: string, signal: AbortSignal): Promise<ConnectorDraft>;
  stop(): Promise<void>;
}

interface Limits {
  timeoutMs: number;
  maxMemoryMegabytes: number;
}

/** The largest documents vendors publish are read in some seconds, on a slow machine too. */
const usualLimits: Limits = { timeoutMs: 30_000, maxMemoryMegabytes: 512 };

/** Reads in a thread that runs the program `file`, which answers with `readDocument`. */
export function createDocumentReader(file: string, limits: Limits = usualLimits): DocumentReader {
  const { timeoutMs, maxMemoryMegabytes } = limits;
  const pool = createThreadPool<string, DocumentReply>({ file, most: 1, idleMs: 10_000, maxMemoryMegabytes });
  return {
    async openApi(text, signal) {
      const reply = await pool.run(text, { timeoutMs, signal }).catch((error: unknown) => {
        throw toDocumentError(error);
      });
      if (reply.ok) return reply.value;
      const { code, message, hint, issues } = reply.failure;
      throw new AppError(code, message, { hint, issues });
    },
    stop: () => pool.stop(),
  };
}

function toDocumentError(error: unknown): unknown {
  if (!(error instanceof AppError) || (error.code !== "timeout" && error.code !== "too_large")) return error;
  const message = error.code === "timeout" ? "takes too long to read" : "takes too much memory to read";
  return new AppError("invalid_request", `body.document: ${message}`, {
    issues: [{ path: "body.document", message }],
    hint: "Take out of the document what is not needed, and give what is left.",
    cause: error,
  });
}
