import type { Caller } from "../contract/features/history.ts";

const browsers: readonly [RegExp, string][] = [
  [/\bedg(?:e|a|ios)?\//i, "Edge"],
  [/\b(?:firefox|fxios)\//i, "Firefox"],
  [/\bsamsungbrowser\//i, "Samsung Internet"],
  [/\b(?:chrome|chromium|crios|headlesschrome)\//i, "Chrome"],
  [/\bsafari\//i, "Safari"],
];

const systems: readonly [RegExp, string][] = [
  [/iphone/i, "iPhone"],
  [/ipad/i, "iPad"],
  [/android/i, "Android"],
  [/windows/i, "Windows"],
  [/mac os x|macintosh/i, "Mac"],
  [/cros/i, "ChromeOS"],
  [/linux/i, "Linux"],
];

const first = (table: readonly [RegExp, string][], text: string): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

/** A device as its owner would name it: "Chrome on Android, pixel". The node is the tailnet's own name for it. */
export function deviceName({ node }: Pick<Caller, "node">, userAgent: string): string {
  const browser = first(browsers, userAgent);
  const system = first(systems, userAgent);
  const what = browser === undefined ? "a program" : system === undefined ? browser : `${browser} on ${system}`;
  return node === undefined ? what : `${what}, ${node}`;
}
