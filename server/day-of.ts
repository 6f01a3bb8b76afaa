/** The day a time falls on in a zone, as "2026-05-03". */
export function daysIn(zone: string): (at: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (at) => {
    if (zone === "UTC") return new Date(at).toISOString().slice(0, 10);
    format ??= new Intl.DateTimeFormat("sv-SE", { timeZone: zone });
    return format.format(at);
  };
}
