import { z } from "zod";

import { seenGuestSchema, type SeenGuest } from "../../../contract/features/access.ts";
import type { Caller } from "../../../contract/features/history.ts";
import { callerKey } from "../../../lib/callers.ts";

const attemptSchema = z.strictObject({
  /** Wrong PINs since the last right one. */
  failures: z.int().min(1),
  lastAt: z.iso.datetime(),
  /** No PIN is looked at before. */
  waitUntil: z.iso.datetime().nullable(),
});
export type Attempt = z.output<typeof attemptSchema>;

/** `data/access-state.json`. */
export const accessStateFileSchema = z.strictObject({
  /** By caller. */
  attempts: z.record(z.string(), attemptSchema).default({}),
  seen: z.array(seenGuestSchema).default([]),
});
export type AccessStateFile = z.output<typeof accessStateFileSchema>;

/** What `openStore` needs. */
export const accessStateFile = { schema: accessStateFileSchema, initial: accessStateFileSchema.parse({}), version: 1 };

const freeTries = 5;
const firstWaitMs = 30_000;
/** This machine is never shut out for long: whoever sits at it can take the PIN away anyway. */
const longestWaitMs = { local: 5 * 60_000, remote: 60 * 60_000 };
const forgetAfterMs = 24 * 3600_000;
const maxAttempts = 500;
const maxSeen = 50;
const seenAgainAfterMs = 3600_000;

/** Pause after so many wrong PINs in a row: none for the first four, then from half a minute on doubled each time. */
export function waitAfterMs(failures: number, isLocal: boolean): number {
  if (failures < freeTries) return 0;
  const longest = isLocal ? longestWaitMs.local : longestWaitMs.remote;
  return Math.min(firstWaitMs * 2 ** Math.min(failures - freeTries, 20), longest);
}

/** Tries left before the next pause. */
export function triesLeft(failures: number): number {
  return Math.max(0, freeTries - failures);
}

/** Milliseconds a caller still has to wait; a clock that was set back does not make it longer than the longest pause. */
export function waitLeftMs(attempt: Attempt | undefined, isLocal: boolean, now: number): number {
  if (!attempt?.waitUntil) return 0;
  return Math.max(0, Math.min(Date.parse(attempt.waitUntil) - now, waitAfterMs(attempt.failures, isLocal)));
}

/** Counts a try before it is looked at, so that a crash in between gives no free one. */
export function countTry(file: AccessStateFile, key: string, isLocal: boolean, now: number): AccessStateFile {
  const failures = (file.attempts[key]?.failures ?? 0) + 1;
  const waitMs = waitAfterMs(failures, isLocal);
  const attempt = {
    failures,
    lastAt: new Date(now).toISOString(),
    waitUntil: waitMs === 0 ? null : new Date(now + waitMs).toISOString(),
  };
  const kept = Object.entries(file.attempts)
    .filter(([other, { lastAt }]) => other !== key && now - Date.parse(lastAt) < forgetAfterMs)
    .slice(-maxAttempts);
  return { ...file, attempts: Object.fromEntries([...kept, [key, attempt]]) };
}

/** Forgets the wrong tries of one caller. */
export function forgetTries(file: AccessStateFile, key: string): AccessStateFile {
  const { [key]: _, ...attempts } = file.attempts;
  return { ...file, attempts };
}

/** Takes down a caller from elsewhere; the same file when it is known and was here within the hour. */
export function withSeen(file: AccessStateFile, caller: Caller, now: number): AccessStateFile {
  const guest = toSeen(caller, now);
  const known = file.seen.find(({ node }) => node === guest.node);
  if (known?.login === guest.login && now - Date.parse(known.lastSeenAt) < seenAgainAfterMs) return file;
  const others = file.seen.filter(({ node }) => node !== guest.node);
  return { ...file, seen: [guest, ...others].slice(0, maxSeen) };
}

function toSeen(caller: Caller, now: number): SeenGuest {
  const { name, node } = caller;
  const isTagged = node !== undefined && name === node;
  return {
    login: node === undefined || isTagged ? "" : name,
    node: callerKey(caller),
    isTagged,
    lastSeenAt: new Date(now).toISOString(),
  };
}
