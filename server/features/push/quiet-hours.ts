import type { PushPreferences } from "../../../contract/features/push.ts";

/** Whether it is within the quiet hours of a device, in its own zone; hours may go over midnight. */
export function isQuiet(quietHours: PushPreferences["quietHours"], nowMs: number): boolean {
  if (quietHours === null) return false;
  const { from, to, zone } = quietHours;
  const now = clockIn(zone, nowMs);
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

/** "22:05" */
function clockIn(zone: string, nowMs: number): string {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(nowMs);
}

/** Whether a zone has a name this machine knows. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}
