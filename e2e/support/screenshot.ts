import { join } from "node:path";

import type { Page, TestInfo } from "@playwright/test";

/** Saves the page in both colour schemes below `test-results/screenshots/<project>/`, for people to look at. */
export async function saveScreenshots(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const folder = join(testInfo.project.outputDir, "screenshots", testInfo.project.name);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: "disabled" });
  }
}
