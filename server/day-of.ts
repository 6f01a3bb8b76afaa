/** The day a time falls on in a zone, as "2026-05-03". */
export function daysIn(zone: string): (at: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  /** A day begins with a minute in every zone, and the same minute is asked for again and again. */
  let last = { minute: Number.NaN, day: "" };
  const dayOf = (at: number): string => {
    if (zone === "UTC") return new Date(at).toISOString().slice(0, 10);
    format ??= new Intl.DateTimeFormat("sv-SE", { timeZone: zone });
    return format.format(at);
  };
  return (at) => {
    const minute = Math.floor(at / 60_000);
    if (minute !== last.minute) last = { minute, day: dayOf(at) };
    return last.day;
  };
}
