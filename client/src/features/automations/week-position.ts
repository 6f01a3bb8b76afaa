/** Part of a span of time that has passed at `at`, in percent, within 0 to 100. */
export function percentOf(at: number, from: number, to: number): number {
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
}

/** Local midnights between two times, with the name of the day that begins. */
export function midnights(from: number, to: number): { at: number; label: string }[] {
  const found: { at: number; label: string }[] = [];
  const day = new Date(from);
  for (let count = 0; count < 40; count += 1) {
    day.setHours(24, 0, 0, 0); // the next local midnight, whatever the length of the day
    if (day.getTime() >= to) break;
    found.push({ at: day.getTime(), label: day.toLocaleDateString("en", { weekday: "short", day: "numeric" }) });
  }
  return found;
}
