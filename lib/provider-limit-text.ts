const unitMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const units = "(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w)(?![a-z])";
const amount = `(?:an?\\s+|\\d+(?:\\.\\d+)?\\s*)${units.replace("(", "(?:")}`;
const spanPattern = new RegExp(
  `(?:again|retry|wait|resets?|reset|available|back)[^.\\d]{0,30}?\\b(?:in|after|for)\\s+((?:${amount}[\\s,]*(?:and\\s+)?)+)`,
  "i",
);
const partPattern = new RegExp(`(an?\\s+|\\d+(?:\\.\\d+)?\\s*)${units}`, "gi");
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const clockPattern =
  /(?:resets?|reset|again|available|back|until)\b(?:\s+(?:at|on|is|will be))*[\s:]+(?:((?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?,?\s*(?:at\s+)?)?(\d{1,2})(?::(\d{2}))?\s*([ap]\.?m\.?)?(?![\d\w])(?:\s*\(([A-Za-z_]+(?:\/[A-Za-z_+-]+){0,2})\)|\s+(?:GMT|UTC)([+-]\d{1,2})?(?![\d:]))?/i;

/**
 * When a limit ends according to the sentence of a program or API, milliseconds since 1970, or `null` when it says nothing
 * known: a span ("try again in 5 days 3 hours", "Please retry in 17.5s"), a time of day ("resets 3pm (Europe/Berlin)"), a date
 * and time ("resets Dec 5, 3pm"), a number after a bar as Claude Code prints it ("limit reached|1749924000"), or RFC 3339.
 */
export function limitTimeFromText(text: string, now: number, zone: string): number | null {
  const sentence = text.slice(0, 20_000);
  const stamp = /limit reached\|(\d{10})(\d{3})?\b/i.exec(sentence);
  if (stamp) return Number(stamp[1]) * 1_000;
  const exact =
    /(?:resets?|again|until|available)[^.\n]{0,20}?(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))/i.exec(
      sentence,
    )?.[1];
  if (exact !== undefined && !Number.isNaN(Date.parse(exact))) return Date.parse(exact);
  return fromSpan(sentence, now) ?? fromClock(sentence, now, zone);
}

function fromSpan(text: string, now: number): number | null {
  const span = spanPattern.exec(text)?.[1];
  if (span === undefined) return null;
  let total = 0;
  for (const [, count = "", unit = ""] of span.matchAll(partPattern))
    total += (/^an?\s/i.test(count) ? 1 : Number(count)) * (unitMs[shortUnit(unit)] ?? 0);
  return total > 0 ? now + total : null;
}

function shortUnit(unit: string): string {
  const lower = unit.toLowerCase();
  return lower === "ms" || lower.startsWith("milli") ? "ms" : lower.slice(0, 1);
}

function fromClock(text: string, now: number, ownZone: string): number | null {
  const match = clockPattern.exec(text);
  if (!match) return null;
  const [, month, day, year, hourText = "", minuteText, half, place, offset] = match;
  if (half === undefined && minuteText === undefined) return null; // "resets 5": five what?
  const hour = hourOf(Number(hourText), half);
  const minute = Number(minuteText ?? 0);
  const named = place ?? zoneOf(match[0], offset);
  const zone = named !== undefined && isZone(named) ? named : isZone(ownZone) ? ownZone : "UTC";
  if (hour > 23 || minute > 59) return null;
  const today = new Date(now + offsetOf(now, zone));
  if (month === undefined) {
    const at = (days: number): number =>
      instantOf(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + days, hour, minute), zone);
    return at(0) > now ? at(0) : at(1);
  }
  const monthIndex = months.indexOf(month.slice(0, 3).toLowerCase());
  const at = (inYear: number): number => instantOf(Date.UTC(inYear, monthIndex, Number(day), hour, minute), zone);
  if (year !== undefined) return at(Number(year));
  return at(today.getUTCFullYear()) > now ? at(today.getUTCFullYear()) : at(today.getUTCFullYear() + 1);
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0);
}

/** "10:57 PM GMT-3": the name of such a zone has the sign turned round (POSIX). */
function zoneOf(text: string, offset: string | undefined): string | undefined {
  if (offset !== undefined) return `Etc/GMT${offset.startsWith("-") ? "+" : "-"}${String(Math.abs(Number(offset)))}`;
  return /\b(?:GMT|UTC)$/i.test(text) ? "UTC" : undefined;
}

function isZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // not a zone this machine knows
  }
}

/** The instant at which clocks of `zone` show `wall`, which is given as if it were UTC. */
function instantOf(wall: number, zone: string): number {
  const guess = wall - offsetOf(wall, zone);
  return wall - offsetOf(guess, zone);
}

/** Milliseconds that `zone` is ahead of UTC at `at`. */
function offsetOf(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second"));
  return wall - Math.floor(at / 1_000) * 1_000;
}
