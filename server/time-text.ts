/** "14:30" on the wall of `zone`, with the day when it is another one than that of `now`; both in milliseconds. */
export function timeText(at: number, now: number, zone: string): string {
  const day = (time: number): string => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(time);
  const time = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(at);
  return day(at) === day(now) ? time : `${day(at)} ${time}`;
}
