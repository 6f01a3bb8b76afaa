import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

import type { AxiosInstance, AxiosResponse } from "axios";

import { CallFailure, networkFailure } from "./call-failure.ts";
import type { HopRequest } from "./open-request.ts";
import { acceptedCodings, openReplyBody, type ReplyBody } from "./reply-body.ts";
import { bytesToSend, isStream } from "./request-body.ts";
import type { TraceHop } from "./trace.ts";

/** Headers of one reply. */
export interface Received {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  body: ReplyBody;
  /** Nobody will read the body; a short one is let through, so that the connection can be used again. */
  discard(): void;
}

const maxHeaderBytes = 16_384;
const maxHeaders = 256;
/** A body shorter than this is read to its end rather than the connection given up. */
const shortBytes = 8_192;
/** A packed body may be this much longer than what is read of it, in bytes. */
const packedRoom = 65_536;

/** Sends one request over one connection and resolves with its headers. Rejects with a `CallFailure`, or the signal's reason. */
export async function sendOnce(request: HopRequest, agent: Agent, startedAt: number): Promise<Received> {
  const { url, method, headers, hop, signal, maxBytes } = request;
  const sent: SentRequest = { isSent: false, late: null, timer: undefined };
  const data = bytesToSend(request);
  const accept = Object.keys(headers).some((name) => name.toLowerCase() === "accept-encoding");
  try {
    const response: AxiosResponse<IncomingMessage> = await (
      await client()
    ).request<IncomingMessage>({
      url: url.href,
      method,
      headers: accept ? headers : { ...headers, "accept-encoding": acceptedCodings },
      ...(data === undefined ? {} : { data }),
      httpAgent: agent,
      httpsAgent: agent,
      transport: transportFor(request, sent),
      signal,
    });
    clearTimeout(sent.timer);
    const message = response.data;
    hop.status = response.status;
    hop.headersMs = performance.now() - startedAt;
    checkHeaderCount(message);
    const isEmpty = method === "HEAD" || response.status === 204 || response.status === 304;
    const body = openReplyBody(message, { isEmpty, hop, maxPackedBytes: maxBytes + packedRoom });
    return {
      status: response.status,
      statusText: response.statusText,
      headers: flatHeaders(message, body.isUnpacked),
      body,
      discard: () => {
        discard(message);
      },
    };
  } catch (error) {
    clearTimeout(sent.timer);
    const failure = sent.late ?? (signal.aborted ? (signal.reason as unknown) : networkFailure(error));
    if (failure instanceof CallFailure) failure.isSent = sent.isSent;
    throw failure;
  }
}

interface SentRequest {
  /** The connection was there, so that the request may have been read. */
  isSent: boolean;
  late: CallFailure | null;
  timer: NodeJS.Timeout | undefined;
}

/** Node's own client, with a cap for headers, a time-out for them, and a note of the connection that is used. */
function transportFor({ url, hop, headersTimeoutMs, body }: HopRequest, sent: SentRequest) {
  const isSecure = url.protocol === "https:";
  return {
    request(options: RequestOptions, onResponse: (message: IncomingMessage) => void): ClientRequest {
      options.maxHeaderSize = maxHeaderBytes;
      const outgoing = isSecure ? httpsRequest(options, onResponse) : httpRequest(options, onResponse);
      outgoing.once("socket", (socket) => {
        noteConnection(socket, hop, sent, isSecure);
        hop.isReused = outgoing.reusedSocket;
      });
      outgoing.once("upgrade", (_message, socket) => {
        socket.destroy();
        sent.late = new CallFailure("protocol", "No answer: it wants to speak another protocol");
        outgoing.emit("error", sent.late); // the request itself ends without a word
      });
      if (headersTimeoutMs !== undefined) {
        const begin = (): void => {
          sent.timer ??= setTimeout(() => {
            sent.late = new CallFailure("timeout", `No headers within ${headersTimeoutMs} ms`);
            outgoing.destroy(sent.late);
          }, headersTimeoutMs);
        };
        // A long body takes its time; the other side answers after it.
        if (isStream(body)) outgoing.once("finish", begin);
        else begin();
        outgoing.once("close", () => {
          clearTimeout(sent.timer);
        });
      }
      return outgoing;
    },
  };
}

function noteConnection(socket: Socket, hop: TraceHop, sent: SentRequest, isSecure: boolean): void {
  const noteAddress = (): void => {
    hop.address = socket.remoteAddress ?? null;
  };
  const noteReady = (): void => {
    noteAddress();
    sent.isSent = true;
  };
  if (!socket.connecting && !isShakingHands(socket)) noteReady();
  else {
    socket.once("connect", isSecure ? noteAddress : noteReady);
    if (isSecure) socket.once("secureConnect", noteReady);
  }
}

function isShakingHands(socket: Socket): boolean {
  return "secureConnecting" in socket && socket.secureConnecting === true;
}

function checkHeaderCount(message: IncomingMessage): void {
  if (message.rawHeaders.length <= maxHeaders * 2) return;
  message.destroy();
  throw new CallFailure("too_large", `The reply has more than ${maxHeaders} headers`);
}

function flatHeaders(message: IncomingMessage, isUnpacked: boolean): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (isUnpacked && (name === "content-encoding" || name === "content-length")) continue;
    if (typeof value === "string") flat[name] = value;
    else if (value !== undefined) flat[name] = value.join(", ");
  }
  return flat;
}

function discard(message: IncomingMessage): void {
  let left = shortBytes;
  message.setTimeout(2_000, () => message.destroy());
  message.on("error", () => undefined); // nobody reads it any more
  message.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) message.destroy();
  });
}

let shared: AxiosInstance | undefined;

async function client(): Promise<AxiosInstance> {
  if (shared) return shared;
  const { default: axios } = await import("axios"); // only a process that calls out pays for it
  shared = axios.create({
    adapter: "http",
    proxy: false,
    maxRedirects: 0,
    maxBodyLength: Infinity,
    responseType: "stream",
    decompress: false,
    validateStatus: () => true,
    transformRequest: [(data: unknown) => data],
    headers: { common: { "User-Agent": "PortOS", Accept: "*/*" } },
  });
  return shared;
}
