/** One switch of Chrome the user may add; everything else could open the machine or undo a protection. */
export interface BrowserFlag {
  readonly name: string;
  /** Rule for the text after "="; a switch without it takes no value. */
  readonly value?: RegExp;
  readonly example: string;
  readonly what: string;
}

/** Every switch that may be added in the browser's settings. */
export const browserFlags: readonly BrowserFlag[] = [
  {
    name: "--lang",
    value: /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/i,
    example: "--lang=de-DE",
    what: "Language of pages and menus",
  },
  {
    name: "--force-device-scale-factor",
    value: /^(?:0\.5|[1-4](?:\.\d{1,2})?)$/,
    example: "--force-device-scale-factor=2",
    what: "Pixels per CSS pixel",
  },
  {
    name: "--user-agent",
    value: /^[\x20-\x7e]{1,300}$/,
    example: "--user-agent=Mozilla/5.0 (test)",
    what: "User agent sent to sites",
  },
  {
    name: "--proxy-server",
    value: /^(?:https?|socks[45]):\/\/[\w.-]{1,253}:\d{1,5}$/i,
    example: "--proxy-server=http://127.0.0.1:8888",
    what: "Proxy for all sites",
  },
  {
    name: "--proxy-bypass-list",
    value: /^[\w.*:;<>/-]{1,500}$/,
    example: "--proxy-bypass-list=*.internal",
    what: "Hosts that skip the proxy",
  },
  {
    name: "--window-position",
    value: /^-?\d{1,5},-?\d{1,5}$/,
    example: "--window-position=0,0",
    what: "Place of the window",
  },
  {
    name: "--autoplay-policy",
    value: /^(?:no-user-gesture-required|user-gesture-required|document-user-activation-required)$/,
    example: "--autoplay-policy=no-user-gesture-required",
    what: "When media may start by itself",
  },
  { name: "--disable-gpu", example: "--disable-gpu", what: "Draw without the graphics card" },
  { name: "--disable-extensions", example: "--disable-extensions", what: "No extensions" },
  { name: "--force-dark-mode", example: "--force-dark-mode", what: "Dark menus and pages that know the dark scheme" },
  { name: "--hide-scrollbars", example: "--hide-scrollbars", what: "No scroll bars in screenshots" },
  { name: "--start-maximized", example: "--start-maximized", what: "Largest window" },
];

/** Why a switch may not be added, or `null` when it may. */
export function browserFlagProblem(text: string): string | null {
  const at = text.indexOf("=");
  const name = at === -1 ? text : text.slice(0, at);
  const value = at === -1 ? null : text.slice(at + 1);
  const flag = browserFlags.find((known) => known.name === name);
  if (!flag) return `${name} is not a switch that may be added`;
  if (flag.value === undefined) return value === null ? null : `${name} takes no value`;
  if (value === null || !flag.value.test(value)) return `${name} needs a value such as ${flag.example}`;
  return null;
}
