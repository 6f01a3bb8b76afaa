import type { z } from "zod";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The little the kit needs to know of a zod schema; the full type would cost the compiler six times the work. */
export interface Schema {
  readonly _zod: { readonly input: unknown; readonly output: unknown };
}

/** A reply that is not JSON (a file, an image): the handler returns a `RawReply`, the client a link. */
export interface RawReplyMark {
  readonly raw: string;
}

/** What a handler of a raw endpoint returns. */
export interface RawReply {
  status?: 200 | 206;
  headers: Record<string, string>;
  body: NodeJS.ReadableStream | Uint8Array | string;
}

/** One HTTP endpoint as both sides see it: the server mounts it, the client calls it, OpenAPI is written from it. */
export interface Endpoint {
  readonly method: Method;
  readonly path: `/api/${string}`;
  /** Imperative sentence without a full stop, shown in the API page and in the history: "Start an app". */
  readonly summary: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  /** Greatest size of its body in bytes; 1 MiB when left out. */
  readonly maxBodyBytes?: number;
  /** Its body is not JSON of ours: the handler reads the bytes itself, and judges by them who sent it. */
  readonly takesRawBody?: true;
  readonly reply: Schema | RawReplyMark;
  /** `write` calls are recorded in the history with their outcome, `read` calls only when refused, `none` never. */
  readonly audit: "read" | "write" | "none";
  /** What the user's PIN stands before, when one is set; the check is made where endpoints are mounted. */
  readonly stepUp?: StepUp;
  /** The same for some bodies only: those with this value in this field. */
  readonly stepUpFor?: { readonly field: string; readonly value: string; readonly what: StepUp };
  /** The same where only the handler can tell, which asks with `demand` of its context; `when` in words: "the task shall …". */
  readonly stepUpWhen?: { readonly when: string; readonly what: StepUp };
}

/** What needs the PIN: opening a terminal or reading what was typed there, changing a secret or what runs with it, deleting, what lets agents act without asking. */
export type StepUp = "terminal" | "secret" | "delete" | "allow";

export type EndpointGroup = Record<string, Endpoint>;

/** Names a feature's endpoints; the key becomes the second half of the call id ("apps.start"). */
export function defineEndpoints<const G extends EndpointGroup>(group: G): G {
  return group;
}

type Part<E extends Endpoint, K extends "params" | "query" | "body", Side extends "input" | "output"> =
  E extends Record<K, infer S extends Schema> ? S["_zod"][Side] : undefined;

/** What a handler receives: the parsed side of each schema. */
export interface Input<E extends Endpoint> {
  params: Part<E, "params", "output">;
  query: Part<E, "query", "output">;
  body: Part<E, "body", "output">;
}

/** What a caller passes: the unparsed side; parts without a schema are left out. */
export type Call<E extends Endpoint> = {
  [K in "params" | "query" | "body" as E extends Record<K, Schema> ? K : never]: Part<E, K, "input">;
};

/** What a caller gets and a handler returns. */
export type Reply<E extends Endpoint> = E["reply"] extends Schema ? z.output<E["reply"]> : RawReply;
/** What a handler may return before the reply schema fills in defaults. */
export type ReplyInput<E extends Endpoint> = E["reply"] extends Schema ? z.input<E["reply"]> : RawReply;
