const units: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** "1 h 30 min" for milliseconds; whole seconds, at most two units. */
export function durationText(durationMs: number): string {
  const parts: string[] = [];
  let left = Math.round(durationMs / 1_000) * 1_000;
  for (const [size, name] of units) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0 && parts.length < 2) parts.push(`${amount} ${name}`);
  }
  return parts.length === 0 ? "less than a second" : parts.join(" ");
}
