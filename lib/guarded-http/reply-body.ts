import type { IncomingMessage } from "node:http";
import { pipeline, type Transform } from "node:stream";
import * as zlib from "node:zlib";

import { CallFailure } from "./call-failure.ts";
import type { TraceHop } from "./trace.ts";

/** Body of a reply that was not read yet; whoever gets it reads or destroys it. */
export interface ReplyBody {
  /** Unpacked bytes, once. Ends with an error when the connection is cut or the body is no good. */
  chunks: AsyncIterable<Buffer, undefined>;
  /**
   * As `chunks`, for whoever takes them at once: calls `take` with each until it answers `false`, then the rest is not read.
   * Resolves at the end, rejects as `chunks` do.
   */
  takeAll(take: (chunk: Buffer) => boolean): Promise<void>;
  destroy(error?: Error): void;
  /** It was packed, so that the headers about its coding and length no longer hold. */
  isUnpacked: boolean;
}

export interface ReplyBodyOptions {
  /** Bodies of such a method or status are empty whatever the headers say. */
  isEmpty: boolean;
  hop: TraceHop;
  /** Most packed bytes. */
  maxPackedBytes: number;
}

/** Unpacked bytes for each packed one beyond which it is a bomb; texts reach 20, repetitive logs 100. */
const maxRatio = 200;
/** Below this nobody is hurt, in bytes. */
const harmlessBytes = 1_048_576;
/** More codings on top of each other have no use but to hurt. */
const maxCodings = 2;
/** What some servers write there although it is no coding. */
const noCodings = new Set(["", "identity", "none", "binary", "utf-8", "utf8", "aws-chunked"]);

/** Codings we can undo, as a request offers them. */
export const acceptedCodings = "gzip, deflate, br";

/** The body of a reply, unpacked while it comes, every byte counted before and after. Throws for a coding that cannot be undone. */
export function openReplyBody(message: IncomingMessage, options: ReplyBodyOptions): ReplyBody {
  const { isEmpty, hop } = options;
  const codings = isEmpty ? [] : codingsOf(message);
  const steps = codings.flatMap((coding) => decoders.get(coding) ?? []);
  if (codings.length > maxCodings || steps.length < codings.length) {
    message.destroy();
    throw new CallFailure("protocol", `The reply is packed in a way that cannot be undone: ${codings.join(", ")}`);
  }
  const destroy = (error?: Error): void => {
    message.destroy(error);
  };
  if (codings.length === 0) {
    const takeAll: ReplyBody["takeAll"] = (take) => takePlain(message, hop, take);
    return { chunks: counted(message, hop), takeAll, destroy, isUnpacked: false };
  }
  let packed: AsyncIterable<Buffer, undefined> = packedBytes(message, options);
  for (const step of steps.toReversed()) packed = unpacked(packed, step);
  const chunks = harmless(packed, hop);
  return {
    chunks,
    async takeAll(take) {
      for await (const chunk of chunks) if (!take(chunk)) break; // leaving the loop destroys the stream
    },
    destroy,
    isUnpacked: true,
  };
}

/** Without an iterator, whose making takes longer than most replies. */
function takePlain(message: IncomingMessage, hop: TraceHop, take: (chunk: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (error?: Error): void => {
      if (isOver) return;
      isOver = true;
      if (error) reject(error);
      else resolve();
    };
    message.on("data", (chunk: Buffer) => {
      if (isOver) return;
      hop.receivedBytes += chunk.length;
      hop.decodedBytes += chunk.length;
      if (take(chunk)) return;
      end();
      message.destroy();
    });
    message.once("end", () => {
      end();
    });
    message.on("error", end);
    const cut = (): void => {
      if (!isOver) end(message.errored ?? Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
    };
    message.once("close", cut);
    if (message.destroyed) cut();
  });
}

type Decoder = (firstByte: number) => Transform;

const decoders = new Map<string, Decoder>([
  ["gzip", () => zlib.createGunzip()],
  ["x-gzip", () => zlib.createGunzip()],
  // Meant with zlib's frame; some servers send it without.
  ["deflate", (firstByte) => ((firstByte & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ["br", () => zlib.createBrotliDecompress()],
]);

function codingsOf(message: IncomingMessage): string[] {
  return (message.headers["content-encoding"] ?? "")
    .split(",", 16)
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !noCodings.has(coding));
}

async function* counted(message: AsyncIterable<Buffer>, hop: TraceHop): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of message) {
    hop.receivedBytes += chunk.length;
    hop.decodedBytes += chunk.length;
    yield chunk;
  }
}

async function* packedBytes(
  message: AsyncIterable<Buffer>,
  { hop, maxPackedBytes }: ReplyBodyOptions,
): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of message) {
    hop.receivedBytes += chunk.length;
    if (hop.receivedBytes > maxPackedBytes)
      throw new CallFailure("too_large", `The reply is larger than ${maxPackedBytes} bytes before it is unpacked`);
    yield chunk;
  }
}

/** A body without a byte is packed in nothing, whatever its headers say. */
async function* unpacked(
  packed: AsyncIterable<Buffer, undefined>,
  decoder: Decoder,
): AsyncGenerator<Buffer, undefined> {
  const source = packed[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done === true) return;
  const whole = async function* (): AsyncGenerator<Buffer, undefined> {
    try {
      yield first.value;
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
    } finally {
      await source.return?.();
    }
  };
  const output = pipeline(whole(), decoder(first.value[0] ?? 0), () => undefined);
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!/^(?:Z_|ERR_)/.test(code) || code === "ERR_STREAM_PREMATURE_CLOSE") throw error; // the network's, not the packer's
    throw new CallFailure("protocol", "The reply cannot be unpacked: it is damaged or not complete", { cause: error });
  }
}

async function* harmless(chunks: AsyncIterable<Buffer>, hop: TraceHop): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of chunks) {
    hop.decodedBytes += chunk.length;
    if (hop.decodedBytes > harmlessBytes && hop.decodedBytes > hop.receivedBytes * maxRatio)
      throw new CallFailure("too_large", `The reply is a bomb: ${hop.receivedBytes} bytes became ${hop.decodedBytes}`, {
        hint: "Such a reply is never unpacked; ask for something else.",
      });
    yield chunk;
  }
}
