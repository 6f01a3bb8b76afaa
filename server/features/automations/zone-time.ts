const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formatters.set(zone, made);
  return made;
}

/** Date and time on the wall of `zone` as if it were UTC, in milliseconds; whole seconds only. */
export function wallTime(atMs: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(atMs)) part[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Milliseconds that `zone` is ahead of UTC at `atMs`. */
export function zoneOffset(atMs: number, zone: string): number {
  return wallTime(atMs, zone) - Math.floor(atMs / 1000) * 1000;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** "+02:00" for an offset in milliseconds. */
export function offsetText(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Whether the wall time of `zone` at `atMs` happens twice that day, and which of the two this is. */
export function repetition(atMs: number, zone: string): "first" | "second" | null {
  const wall = wallTime(atMs, zone);
  const own = zoneOffset(atMs, zone);
  for (const near of [-86_400_000, 86_400_000]) {
    const offset = zoneOffset(atMs + near, zone);
    if (offset === own) continue;
    const twin = wall - offset;
    if (zoneOffset(twin, zone) === offset) return twin > atMs ? "first" : "second";
  }
  return null;
}
