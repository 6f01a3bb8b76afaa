import type { Repair } from "../../../contract/features/repairs.ts";

export const dayMs = 86_400_000;
const maxSame = 2;

type Known = Pick<Repair, "appId" | "processKey" | "state" | "endedAt" | "signature" | "merge" | "revert">;

/** Why no repair should begin, and when that is over as far as it ends by itself. */
export interface GuardReason {
  reason: string;
  until: number | null;
}

/** Whether it came to nothing by itself; what the user has stopped or declined is no failure. */
export function isFailure({ state, revert }: Pick<Repair, "state" | "revert">): boolean {
  return state === "failed" || (state === "reverted" && revert?.isAutomatic !== false);
}

/** Too many repairs of one app have failed within a day. */
export function failureLimit(
  repairs: readonly Known[],
  owner: Pick<Repair, "appId" | "processKey">,
  maxFailures: number,
  now: number,
): GuardReason | null {
  const times = repairs
    .filter((one) => isSameOwner(one, owner) && isFailure(one) && one.endedAt !== null)
    .map(({ endedAt }) => Date.parse(endedAt ?? ""))
    .filter((at) => now - at < dayMs)
    .toSorted((a, b) => b - a);
  const oldest = times[maxFailures - 1];
  if (oldest === undefined) return null;
  const count = maxFailures === 1 ? "A repair" : `${String(maxFailures)} repairs`;
  return { reason: `${count} of it failed within a day.`, until: oldest + dayMs };
}

/** The same crash was repaired twice and came again. */
export function sameCrashAgain(repairs: readonly Known[], signature: string): GuardReason | null {
  const held = repairs.filter((one) => one.signature === signature && (one.merge?.at ?? null) !== null);
  if (held.length < maxSame) return null;
  return { reason: "The same crash was repaired twice already and came again.", until: null };
}

/** The user did not want what an agent has made of this crash: nobody begins again by himself. */
export function takenBack(repairs: readonly Known[], signature: string): GuardReason | null {
  const own = repairs.find((one) => one.signature === signature && one.revert?.isAutomatic === false);
  return own?.revert ? { reason: `A repair of the same crash was taken back by ${own.revert.by}.`, until: null } : null;
}

/** One repair of an app at a time: the one that goes on. */
export function runningRepair<R extends Known>(
  repairs: readonly R[],
  owner: Pick<Repair, "appId" | "processKey">,
): R | undefined {
  return repairs.find((one) => isSameOwner(one, owner) && one.endedAt === null);
}

function isSameOwner(one: Pick<Repair, "appId" | "processKey">, other: Pick<Repair, "appId" | "processKey">): boolean {
  return one.appId === null || other.appId === null ? one.processKey === other.processKey : one.appId === other.appId;
}
