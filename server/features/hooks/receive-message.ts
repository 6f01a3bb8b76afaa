import type { HookDelivery, HookReason, HookVerdict } from "../../../contract/features/hooks.ts";
import type { Caller } from "../../../contract/features/history.ts";
import type { ErrorCode } from "../../../contract/errors.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { RateLimiter } from "../../connectors/framework/rate-limit.ts";
import { newDeliveryId, type DeliveryLog } from "./delivery-log.ts";
import { isCurrent, type HookRecord } from "./hook-record.ts";
import { factsOf, keptHeaders } from "./message-facts.ts";
import type { ReplayMemory } from "./replay-memory.ts";
import { proveMessage } from "./signatures.ts";

/** A message whose sender is not known yet. */
export interface IncomingMessage {
  headers: Readonly<Record<string, string>>;
  caller: Caller;
  isTest: boolean;
  /** It is handed on when it is taken. */
  isHandedOn: boolean;
  /** Throws `too_large`. */
  readBytes(maxBytes: number): Promise<Buffer>;
}

/** What became of it. */
export interface Judged {
  delivery: HookDelivery;
  /** What the sender is told instead of its verdict; `null` when it was taken. */
  refusal: AppError | null;
  challenge: string | null;
  /** It was written down; of those beyond the limit most are not. */
  isListed: boolean;
  /** The secret before the last change was used. */
  usedFormerSecret: boolean;
}

export interface MessageJudge {
  /** Judges a message and keeps it, and what it was refused for. Rejects only when it cannot be written down. */
  judge(hook: HookRecord, message: IncomingMessage): Promise<Judged>;
}

const minuteMs = 60_000;

/** What each refusal is answered with. A sender learns why, but nothing about the secret. */
const codes: Readonly<Record<HookReason, ErrorCode>> = {
  disabled: "not_found",
  browser: "forbidden",
  rate: "rate_limited",
  too_large: "too_large",
  no_secret: "unavailable",
  no_signature: "forbidden",
  bad_signature: "forbidden",
  too_old: "forbidden",
  too_new: "forbidden",
  replay: "conflict",
  full: "unavailable",
};

interface Finding {
  verdict: HookVerdict;
  reason: HookReason | null;
  message: string;
  event: string | null;
  keys: string[];
  /** `null` when it was not read. */
  body: Buffer | null;
  challenge: string | null;
  secretAt: number;
}

/** Builds the one judge of all webhooks. */
export function createMessageJudge(parts: {
  log: DeliveryLog;
  memory: ReplayMemory;
  rates: RateLimiter;
  secrets: Pick<SecretBox, "open">;
  clock: Pick<Clock, "now">;
  /** Why nothing can be started for such a message now, in one sentence; `null` when it can. */
  whyFull(hook: HookRecord, message: { event: string | null; bytes: number; isTest: boolean }): string | null;
}): MessageJudge {
  const { log, memory, rates, secrets, clock, whyFull } = parts;
  const toldOfRate = new Map<string, number>();

  async function look(hook: HookRecord, message: IncomingMessage): Promise<Finding> {
    const { headers } = message;
    if (!hook.isEnabled) return refused("disabled", "The webhook is switched off");
    // The gate lets our own pages in; no page is a sender.
    if (headers["origin"] !== undefined || headers["sec-fetch-site"] !== undefined)
      return refused("browser", "It was sent by a page in a browser");
    const body = await bodyOf(message, hook.maxBodyBytes);
    if (!Buffer.isBuffer(body)) return body;
    const known = await secretsOf(hook);
    if (!Array.isArray(known)) return known;
    const proof = proveMessage({ headers, body }, hook, known, clock.now());
    if (!proof.ok) return { ...refused(proof.reason, proof.message), body };
    const facts = factsOf(hook.kind, { headers, body });
    // Before it counts as taken: its sender is to repeat it.
    if (message.isHandedOn && facts.challenge === null) {
      const { isTest } = message;
      const full = whyFull(hook, { event: facts.event, bytes: body.length, isTest });
      if (full !== null) return { ...refused("full", full), body, event: facts.event };
    }
    const taken = memory.take(hook.id, { signature: proof.signature, eventId: facts.eventId });
    const found = { body, event: facts.event, keys: taken.keys, challenge: facts.challenge, secretAt: proof.secretAt };
    if (taken.what === "replay") return { ...refused("replay", "Exactly this message was taken before"), ...found };
    if (taken.what === "repeated")
      return { ...found, verdict: "repeated", reason: null, message: "The sender sent it again; it was taken before" };
    return { ...found, verdict: "accepted", reason: null, message: "Taken" };
  }

  async function secretsOf(hook: HookRecord): Promise<string[] | Finding> {
    const stored = [hook.secret, isCurrent(hook.former, clock.now()) ? (hook.former?.secret ?? null) : null];
    try {
      return await Promise.all(stored.flatMap((one) => (one === null || one === "" ? [] : [secrets.open(one)])));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return refused("no_secret", "The secret of the webhook cannot be opened on this machine");
    }
  }

  /** Of those beyond the limit one in a minute is written down, or whoever knows the address could fill the disk. */
  function isRateTold(hookId: string, nowMs: number): boolean {
    const before = toldOfRate.get(hookId) ?? -Infinity;
    if (nowMs - before < minuteMs && nowMs >= before) return true;
    toldOfRate.set(hookId, nowMs);
    return false;
  }

  return {
    async judge(hook, message) {
      const nowMs = clock.now();
      const rate = rates.take(hook.id, { perMinute: hook.perMinute, perDay: null }, nowMs);
      const found = rate.ok
        ? await look(hook, message)
        : refused("rate", `More than ${hook.perMinute} messages came in a minute`);
      const delivery = toDelivery(hook, message, found, nowMs);
      const isListed = rate.ok || !isRateTold(hook.id, nowMs);
      if (isListed) {
        const headers = keptHeaders(message.headers, hook.tokenHeader);
        const isKept = found.verdict === "accepted";
        await log.add({ delivery, headers, keys: found.keys }, isKept ? found.body : null).catch((error: unknown) => {
          memory.forget(found.keys); // its sender will send it again
          throw error;
        });
      }
      return {
        delivery,
        refusal: found.reason === null ? null : new AppError(codes[found.reason], found.message),
        challenge: found.challenge,
        isListed,
        usedFormerSecret: found.secretAt > 0,
      };
    },
  };
}

async function bodyOf(message: IncomingMessage, maxBytes: number): Promise<Buffer | Finding> {
  try {
    return await message.readBytes(maxBytes);
  } catch (error) {
    if (error instanceof AppError && error.code === "too_large")
      return refused("too_large", `Its body is larger than ${Math.floor(maxBytes / 1024)} KiB`);
    throw error;
  }
}

function refused(reason: HookReason, message: string): Finding {
  return { verdict: "refused", reason, message, event: null, keys: [], body: null, challenge: null, secretAt: 0 };
}

function toDelivery(hook: HookRecord, message: IncomingMessage, found: Finding, nowMs: number): HookDelivery {
  const { verdict, reason, event, body } = found;
  const { headers, caller, isTest } = message;
  return {
    id: newDeliveryId(nowMs),
    hookId: hook.id,
    at: new Date(nowMs).toISOString(),
    verdict,
    reason,
    message: found.message,
    event,
    bytes: body?.length ?? 0,
    contentType: (headers["content-type"] ?? "").slice(0, 200),
    caller,
    isTest,
  };
}
