import { join } from "node:path";

import type { Page, TestInfo } from "@playwright/test";

const areWanted = (process.env["E2E_SCREENSHOTS"] ?? "") !== "";

/**
 * With `E2E_SCREENSHOTS=1`: saves the page in both colour schemes below `test-results/screenshots/<project>/`, for
 * people to look at.
 */
export async function saveScreenshots(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  if (!areWanted) return;
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const folder = join(testInfo.project.outputDir, "screenshots", testInfo.project.name);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: "disabled" });
  }
}
