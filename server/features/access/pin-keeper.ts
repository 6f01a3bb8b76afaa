import type { AccessFile } from "../../../lib/access-file.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { countTry, forgetTries, triesLeft, waitLeftMs, type AccessStateFile } from "./access-state.ts";
import { hashPin, isPinOf } from "./pin-hash.ts";

/** Who tries a PIN. */
export interface PinCaller {
  key: string;
  isLocal: boolean;
}

/** The PIN in its file, and how often it may be tried. */
export interface PinKeeper {
  isSet(): boolean;
  updatedAt(): string | null;
  /** Throws `forbidden` for a wrong PIN, `rate_limited` after too many of them, `conflict` when there is none. */
  verify(pin: string, caller: PinCaller): Promise<void>;
  /** Milliseconds until this caller may try again. */
  waitMs(caller: PinCaller): number;
  replace(pin: string | null): Promise<void>;
  /** Calls `listener` when the PIN was set, changed or taken away, by hand, too. */
  onChange(listener: () => void): void;
  stop(): void;
}

const forgottenHint = "Forgotten? On the machine itself: npm run access -- --reset-pin";

export function createPinKeeper(options: {
  file: JsonStore<AccessFile>;
  state: JsonStore<AccessStateFile>;
  secrets: Pick<SecretBox, "seal" | "open">;
  clock: Clock;
  logger: Logger;
}): PinKeeper {
  const { file, state, secrets, clock, logger } = options;
  const listeners = new Set<() => void>();
  let last = JSON.stringify(file.get().pin);
  /** One PIN at a time, so that many at once are counted one by one. */
  let turn: Promise<unknown> = Promise.resolve();

  const stop = file.subscribe(({ pin }) => {
    const now = JSON.stringify(pin);
    if (now === last) return;
    last = now;
    for (const listener of listeners) listener();
    sealByHand();
    state.update((current) => ({ next: { ...current, attempts: {} }, result: null })).catch(fail);
  });
  sealByHand();

  function fail(error: unknown): void {
    logger.error("The access files could not be written", {}, error);
  }

  /** Digits somebody wrote into the file become what stands there otherwise. */
  function sealByHand(): void {
    const { pin } = file.get();
    if (typeof pin === "string") store(pin, pin).catch(fail);
  }

  async function store(pin: string | null, onlyFor?: string): Promise<void> {
    const sealed = pin === null ? null : await secrets.seal(await hashPin(pin));
    if (typeof sealed === "string") throw new Error("A hash was not sealed");
    await file.update((current) => {
      const next = onlyFor !== undefined && current.pin !== onlyFor ? current : { ...current, pin: sealed };
      return { next, result: null };
    });
  }

  async function check(pin: string, caller: PinCaller): Promise<void> {
    const stored = file.get().pin;
    if (stored === null) throw new AppError("conflict", "No PIN is set");
    const waitMs = keeper.waitMs(caller);
    if (waitMs > 0) throw tooMany(waitMs);
    const failures = await state.update((current) => {
      const next = countTry(current, caller.key, caller.isLocal, clock.now());
      return { next, result: next.attempts[caller.key]?.failures ?? 1 };
    });
    const isRight = await isPinOf(pin, typeof stored === "string" ? await hashPin(stored) : await secrets.open(stored));
    if (isRight) {
      await state.update((current) => ({ next: forgetTries(current, caller.key), result: null }));
      return;
    }
    const left = triesLeft(failures);
    const next = left > 0 ? `${left} ${left === 1 ? "try" : "tries"} left.` : waitText(keeper.waitMs(caller));
    throw new AppError("forbidden", `That is not the PIN. ${next}`, { hint: forgottenHint });
  }

  const keeper: PinKeeper = {
    isSet: () => file.get().pin !== null,
    updatedAt() {
      const { pin } = file.get();
      return pin === null || typeof pin === "string" ? null : pin.updatedAt;
    },
    verify(pin, caller) {
      const mine = turn.then(() => check(pin, caller));
      turn = mine.catch(() => undefined);
      return mine;
    },
    waitMs: ({ key, isLocal }) => waitLeftMs(state.get().attempts[key], isLocal, clock.now()),
    replace: (pin) => store(pin),
    onChange: (listener) => {
      listeners.add(listener);
    },
    stop,
  };
  return keeper;
}

function tooMany(waitMs: number): AppError {
  return new AppError("rate_limited", `Too many wrong PINs. ${waitText(waitMs)}`, { hint: forgottenHint });
}

function waitText(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1000);
  return seconds < 90 ? `Try again in ${seconds} s.` : `Try again in ${Math.ceil(seconds / 60)} min.`;
}
