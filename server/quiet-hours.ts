/** A stretch of each day, "22:30" to "07:00"; it may go over midnight. Equal times mean no stretch at all. */
export interface DayStretch {
  from: string;
  to: string;
}

const minuteMs = 60_000;
/** Clocks are changed by less than this, and only once in so short a time. */
const largestShiftMs = 3 * 3_600_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether it is within a stretch by the wall clock of `zone`. */
export function isQuiet({ from, to }: DayStretch, nowMs: number, zone: string): boolean {
  const now = clockIn(zone, nowMs);
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

/**
 * When the stretch that holds now ends, in milliseconds; `null` when none does. On days on which the clocks change it is the
 * first minute whose wall time lies outside: an end in the hour that is left out is the beginning of the one after it.
 */
export function quietUntil(stretch: DayStretch, nowMs: number, zone: string): number | null {
  if (!isQuiet(stretch, nowMs, zone)) return null;
  const wanted = minutesOf(stretch.to) - minutesOf(clockIn(zone, nowMs));
  const usual = Math.floor(nowMs / minuteMs) * minuteMs + (wanted <= 0 ? wanted + 24 * 60 : wanted) * minuteMs;
  let at = Math.max(Math.floor(nowMs / minuteMs) * minuteMs + minuteMs, usual - largestShiftMs);
  while (isQuiet(stretch, at, zone)) at += minuteMs;
  return at;
}

/** "22:05" */
function clockIn(zone: string, nowMs: number): string {
  let formatter = formatters.get(zone);
  if (!formatter) {
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    formatter = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    formatters.set(zone, formatter);
  }
  return formatter.format(nowMs);
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/** Whether a zone has a name this machine knows. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}
