import { existsSync } from "node:fs";

import { runStage } from "./stages.mjs";

const usual = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];

/** Path of a Chromium or Chrome for the end-to-end tests, `undefined` when there is none. */
export function findChromium() {
  return usual.find((path) => existsSync(path));
}

/** Installs the distribution's Chromium when this is Debian and we are root; resolves with whether it is there now. */
export async function installChromium() {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  console.log("Installing Chromium for the end-to-end tests …");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const { isOk, output } = await runStage({ name: "apt-get", program: "/usr/bin/apt-get", args, env });
    if (!isOk) console.log(output);
  }
  return findChromium() !== undefined;
}
