import type { Call, Reply } from "../../../contract/endpoint.ts";
import type { CallId, EndpointOf } from "../../../contract/index.ts";
import { manifest } from "../../../contract/manifest.gen.ts";
import { ApiError, toApiError } from "./api-error.ts";
import { requestPath, type QueryValue } from "./request-path.ts";
import { withPin } from "./step-up.ts";

/** What `call(id, input)` takes. */
export type CallInput<Id extends CallId> = Call<EndpointOf<Id>>;
/** What `call(id, input)` answers. */
export type CallReply<Id extends CallId> = Reply<EndpointOf<Id>>;

type Arguments<Id extends CallId> =
  {} extends CallInput<Id>
    ? [input?: CallInput<Id>, options?: CallOptions]
    : [input: CallInput<Id>, options?: CallOptions];

interface CallOptions {
  signal?: AbortSignal | undefined;
}

interface LooseInput {
  params?: Record<string, string>;
  query?: Record<string, QueryValue>;
  body?: unknown;
}

/**
 * Calls one endpoint of the contract, after the PIN when it asks for it. Throws `ApiError`; an unreachable server is
 * `unavailable`.
 */
export function call<Id extends CallId>(id: Id, ...[input, options]: Arguments<Id>): Promise<CallReply<Id>> {
  return withPin(() => callOnce<Id>(id, input, options));
}

async function callOnce<Id extends CallId>(
  id: Id,
  input: unknown,
  options: CallOptions | undefined,
): Promise<CallReply<Id>> {
  const { params, query, body } = (input ?? {}) as LooseInput;
  const [method = "GET", path = ""] = manifest[id].split(" ");
  const response = await send(requestPath(path, params, query), {
    method,
    ...(method === "GET" ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) }),
    signal: options?.signal ?? null,
  });
  const reply = await readJson(response);
  if (!response.ok) throw toApiError(response.status, reply);
  return reply as CallReply<Id>;
}

/** Address of an endpoint, for links, images and downloads. */
export function url<Id extends CallId>(id: Id, input?: CallInput<Id>): string {
  const { params, query } = (input ?? {}) as LooseInput;
  return requestPath(manifest[id].split(" ")[1] ?? "", params, query);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError({
      code: "unavailable",
      message: "PortOS does not answer",
      hint: "Check that this device is online and that portos-server runs on the machine (npm run status).",
    });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null; // not ours: the status speaks for itself
  }
}
