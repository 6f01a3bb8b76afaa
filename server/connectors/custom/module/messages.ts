import { z } from "zod";

/** What a module is asked for; each has its number, by which its answer is known. */
export type ModuleQuestion =
  | { id: number; kind: "describe" }
  | {
      id: number;
      kind: "run" | "targets";
      operation: string;
      input: Record<string, unknown>;
      config: Record<string, unknown>;
      context: ModuleContext;
    }
  | { id: number; kind: "health"; config: Record<string, unknown>; context: ModuleContext };

/** What of the context of a call can be said beforehand. */
export interface ModuleContext {
  idempotencyKey: string | null;
  isAwaited: boolean;
  now: number;
  timeLeftMs: number;
  maxReplyBytes: number;
}

/** A reply as it goes to the module; its body as base64. */
export interface ModuleReply {
  status: number;
  headers: Record<string, string>;
  url: string;
  body: string;
}

/** What went wrong with a request, as the module sees it. */
export interface ModuleFailure {
  code: string;
  message: string;
  hint: string;
}

export type ToModule =
  | ModuleQuestion
  | { kind: "abort"; of: number }
  | { kind: "answer"; call: number; reply: ModuleReply }
  | { kind: "refusal"; call: number; failure: ModuleFailure };

const id = z.int().min(0);

const requestSchema = z.strictObject({
  url: z.string().max(100_000),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
  /** As base64. */
  body: z.string().optional(),
  isJson: z.boolean().optional(),
  isIdempotent: z.boolean().optional(),
  maxRedirects: z.int().min(0).max(20).optional(),
  maxBytes: z.number().min(0).optional(),
  maxTries: z.int().min(1).optional(),
  timeoutMs: z.number().min(1).optional(),
});
export type ModuleRequest = z.output<typeof requestSchema>;

const failureSchema = z.strictObject({
  message: z.string(),
  /** One of the gateway's codes, where the module throws what a request of it threw. */
  code: z.string().nullable(),
  hint: z.string().nullable(),
});

/** What a module says. Nobody knows who has written it: everything is looked at. */
export const fromModuleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("done"), id, value: z.unknown() }),
  z.strictObject({ kind: z.literal("failed"), id, failure: failureSchema }),
  z.strictObject({ kind: z.literal("http"), call: id, of: id, isOk: z.boolean(), request: requestSchema }),
  z.strictObject({
    kind: z.literal("note"),
    of: id,
    code: z.string().regex(/^[a-z][a-z0-9_-]{0,59}$/),
    reason: z.string().max(1_000),
  }),
  /** It ends, and says why. */
  z.strictObject({ kind: z.literal("crashed"), message: z.string() }),
]);
export type FromModule = z.output<typeof fromModuleSchema>;
