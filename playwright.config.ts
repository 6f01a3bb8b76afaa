import { existsSync } from "node:fs";

import { defineConfig } from "@playwright/test";

const chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);

/** Chrome as a quiet test tool: nothing it does by itself may reach the network. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-dev-shm-usage",
  "--disable-domain-reliability",
  "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,NetworkTimeServiceQuerying",
  "--disable-sync",
  "--component-updater=url-source=http://127.0.0.1:9/",
  "--gaia-url=http://127.0.0.1:9",
  "--metrics-recording-only",
  "--mute-audio",
  "--no-first-run",
  "--no-pings",
  "--password-store=basic",
];

/** A phone draws nine times as many dots, which only somebody who looks at the pictures needs. */
const deviceScaleFactor = (process.env["E2E_SCREENSHOTS"] ?? "") === "" ? 1 : 3;

/**
 * Each worker gets a complete PortOS of its own (`e2e/support/test.ts`), shared by the specs it runs. Tests in which a
 * phone shows nothing of its own carry the tag `@desktop`, those about phones alone `@phone`.
 */
export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 2,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  use: {
    colorScheme: "dark",
    // Movement is drawn by the processor here, which the tests need themselves.
    contextOptions: { reducedMotion: "reduce" },
    // A copy of the page at each step would cost a tenth of the time: `--trace on` takes them when they are wanted.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false, sources: false },
    screenshot: "only-on-failure",
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [...quiet, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
    },
  },
  projects: [
    { name: "desktop", grepInvert: /@phone/, use: { viewport: { width: 1440, height: 900 } } },
    {
      name: "phone",
      grepInvert: /@desktop/,
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor },
    },
  ],
});
