import type { BrowserSettings } from "../contract/internal/browser.ts";

export interface ChromeArgumentsInput {
  settings: BrowserSettings;
  cdpHost: string;
  cdpPort: number;
  profileDir: string;
  /** Chrome's sandbox does not work for root. */
  isRoot: boolean;
  /** Further switches that are not the user's to choose. */
  more?: readonly string[];
}

/** Chrome talks to nobody by itself: no updates, no sync, no metrics, no suggestions, no network time. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-client-side-phishing-detection",
  "--disable-search-engine-choice-screen",
  "--metrics-recording-only",
  "--no-first-run",
  "--no-default-browser-check",
  "--no-pings",
  // Packets of WebRTC would pass by every proxy; they go where TCP goes, or nowhere.
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--no-service-autorun",
  "--password-store=basic",
  "--use-mock-keychain",
  "--mute-audio",
  "--hide-crash-restore-bubble",
  "--disable-features=OptimizationHints,OptimizationGuideModelDownloading,MediaRouter,Translate,AutofillServerCommunication,NetworkTimeServiceQuerying,InterestFeedContentSuggestions",
];

/** Every switch Chrome is started with. Remote control listens on loopback, whatever the settings say. */
export function chromeArguments(input: ChromeArgumentsInput): string[] {
  const { settings, profileDir, cdpHost, cdpPort } = input;
  const { width, height } = settings.windowSize;
  return [
    `--user-data-dir=${profileDir}`,
    `--remote-debugging-address=${cdpHost === "::1" ? "::1" : "127.0.0.1"}`,
    `--remote-debugging-port=${cdpPort}`,
    ...(settings.isHeadless ? ["--headless=new"] : []),
    `--window-size=${width},${height}`,
    ...(input.isRoot ? ["--no-sandbox"] : []),
    "--disable-dev-shm-usage",
    ...quiet,
    ...(input.more ?? []),
    ...settings.extraFlags,
    "about:blank",
  ];
}
