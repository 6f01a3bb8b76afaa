const byteUnits = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes in decimal units with three figures at most: 1536 → "1.5 kB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${byteUnits[unit] ?? "B"}`;
}

/** Percent of one whole: 0.04 → "0.0 %", 12.34 → "12 %". */
export function formatPercent(percent: number): string {
  if (!Number.isFinite(percent)) return "–";
  return `${percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** Duration in its two largest units: 3 661 000 ms → "1 h 1 min". */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return "–";
  const ms = Math.max(0, durationMs);
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return seconds < 10 ? `${(ms / 1000).toFixed(1)} s` : `${String(seconds)} s`;
  const units = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${String(count)} ${unit}`)
    .join(" ");
}

/** "3 apps", "1 app". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** The first three of many, and how many more there are: "a", "b", "c", "and 4 more". */
export function firstOf(texts: readonly string[]): string[] {
  const more = texts.length - 3;
  return [...texts.slice(0, 3), ...(more > 0 ? [`and ${more.toLocaleString("en")} more`] : [])];
}

/** Dollars as small as they come: 0.0123 → "$0.012", 12.3 → "$12.30". */
export function formatCost(costUsd: number | null): string {
  if (costUsd === null) return "–";
  if (costUsd === 0) return "$0";
  if (costUsd < 0.001) return "< $0.001";
  return `$${costUsd.toFixed(costUsd < 1 ? 3 : 2)}`;
}

/** What was spent, as far as prices are known: "$0.120", "at least $0.120", "an unknown amount". */
export function formatSpent({ costUsd, unpriced }: { costUsd: number; unpriced: number }): string {
  if (unpriced === 0) return formatCost(costUsd);
  return costUsd === 0 ? "an unknown amount" : `at least ${formatCost(costUsd)}`;
}

/** 999 → "999", 12 345 → "12.3k", 2 000 000 → "2.0M". */
export function formatTokens(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  if (tokens < 999_950) return `${(tokens / 1_000).toFixed(tokens < 99_950 ? 1 : 0)}k`;
  return `${(tokens / 1_000_000).toFixed(1)}M`;
}
