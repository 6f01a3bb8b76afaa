const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Distance from now in one unit: "just now", "5 min ago", "in 2 h", and the date when it is further than a week. */
export function formatRelative(iso: string, nowMs: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return "–";
  const distance = Math.abs(nowMs - time);
  const isPast = time <= nowMs;
  if (distance > 7 * dayMs) return formatDate(iso);
  if (distance < 10 * secondMs) return isPast ? "just now" : "now";
  const text = distanceText(distance);
  return isPast ? `${text} ago` : `in ${text}`;
}

/** Time since then without "ago": "2 h". */
export function formatAge(iso: string, nowMs: number): string {
  return distanceText(Math.max(0, nowMs - Date.parse(iso)));
}

function distanceText(distanceMs: number): string {
  if (distanceMs < minuteMs) return `${String(Math.floor(distanceMs / secondMs))} s`;
  if (distanceMs < hourMs) return `${String(Math.floor(distanceMs / minuteMs))} min`;
  if (distanceMs < dayMs) return `${String(Math.floor(distanceMs / hourMs))} h`;
  return `${String(Math.floor(distanceMs / dayMs))} d`;
}

/** How long a relative text stays true, so that a clock ticks no more often than it must. */
export function relativeTickMs(iso: string, nowMs: number): number {
  const distance = Math.abs(nowMs - Date.parse(iso));
  if (distance < minuteMs) return secondMs * 5;
  return distance < hourMs ? minuteMs / 2 : 10 * minuteMs;
}

/** Local date: "Nov 21, 2026". */
export function formatDate(iso: string): string {
  return new Date(iso).toLocaleDateString("en", { year: "numeric", month: "short", day: "numeric" });
}

/** Local clock: "14:02". */
export function formatClock(time: string | number): string {
  return new Date(time).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Local date and time with zone, for titles: "Nov 21, 2026, 14:02:10 GMT+1". */
export function formatAbsolute(iso: string): string {
  return new Date(iso).toLocaleString("en", {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
}
