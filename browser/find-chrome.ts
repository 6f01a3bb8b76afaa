import { posix, win32 } from "node:path";

import { AppError } from "../lib/app-error.ts";

export interface ChromeSearch {
  platform: NodeJS.Platform;
  variables: NodeJS.ProcessEnv;
  homeDir: string;
  /** Whether a path is a file that may be run. */
  isExecutable(path: string): boolean;
}

const programNames = [
  "google-chrome-stable",
  "google-chrome",
  "chromium",
  "chromium-browser",
  "chrome",
  "microsoft-edge-stable",
  "brave-browser",
];

/** Where Chrome and its relatives are on each system, the likeliest first. */
export function chromeCandidates({ platform, variables, homeDir }: ChromeSearch): string[] {
  if (platform === "darwin") {
    const apps = [
      "Google Chrome.app/Contents/MacOS/Google Chrome",
      "Chromium.app/Contents/MacOS/Chromium",
      "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
      "Google Chrome Canary.app/Contents/MacOS/Google Chrome Canary",
      "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
      "Brave Browser.app/Contents/MacOS/Brave Browser",
    ];
    return ["/Applications", posix.join(homeDir, "Applications")].flatMap((folder) =>
      apps.map((app) => posix.join(folder, app)),
    );
  }
  if (platform === "win32") {
    const roots = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => variables[name] ?? []);
    const programs = [
      "Google\\Chrome\\Application\\chrome.exe",
      "Chromium\\Application\\chrome.exe",
      "Microsoft\\Edge\\Application\\msedge.exe",
      "BraveSoftware\\Brave-Browser\\Application\\brave.exe",
    ];
    return programs.flatMap((program) => roots.map((root) => win32.join(root, program)));
  }
  const folders = (variables["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const usual = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"];
  const all = [...new Set([...folders, ...usual])];
  return programNames.flatMap((name) => all.map((folder) => posix.join(folder, name)));
}

/**
 * The Chrome to use: what was named (`none` means no browser at all), else the first one found, else `null`.
 * A named program that is not there is `not_found`, so that a typing error does not start another browser.
 */
export function findChrome(named: string | null, search: ChromeSearch): string | null {
  if (named === "none") return null;
  if (named !== null) {
    if (search.isExecutable(named)) return named;
    throw new AppError("not_found", `${named} is not a program that can be run`, {
      hint: "Correct the path in the browser's settings or in PORTOS_CHROME.",
    });
  }
  return chromeCandidates(search).find((path) => search.isExecutable(path)) ?? null;
}
