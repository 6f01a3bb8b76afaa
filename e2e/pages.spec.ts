import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

const pages = [
  ["home", "/"],
  ["apps", "/apps"],
  ["import", "/apps/import"],
  ["agents", "/agents"],
  ["agents-new", "/agents?new=1"],
  ["agents-compare", "/agents/compare"],
  ["logs", "/logs"],
  ["automations", "/automations"],
  ["terminal", "/terminal"],
  ["providers", "/providers"],
  ["providers-add", "/providers?add=1"],
  ["providers-usage", "/providers?tab=usage"],
  ["prompts", "/prompts"],
  ["local-models", "/providers?tab=local"],
  ["connectors", "/connectors"],
  ["connectors-evidence", "/connectors?tab=evidence"],
  ["connectors-queue", "/connectors?tab=queue"],
  ["connectors-webhooks", "/connectors?tab=webhooks"],
  ["connectors-trust", "/connectors?tab=trust"],
  ["connectors-mcp", "/connectors?tab=mcp"],
  ["connector-operations", "/connectors/email-smtp?tab=operations"],
  ["connector-configure", "/connectors/email-smtp"],
  ["connector-configure-search", "/connectors/web-search?tab=configure"],
  ["connector-docs", "/connectors/web-fetch?tab=docs"],
  ["system-processes", "/system"],
  ["system-browser", "/system?tab=browser"],
  ["system-incidents", "/system?tab=incidents"],
  ["system-backups", "/system?tab=backups"],
  ["system-access", "/system?tab=access"],
  ["approvals", "/approvals"],
  ["approvals-history", "/approvals?tab=history"],
  ["approvals-rules", "/approvals?tab=rules"],
  ["system-notifications", "/system?tab=notifications"],
  ["system-settings", "/system?tab=settings"],
  ["history", "/history"],
] as const;

/** One tab looks at one page after the other, as a person's does: what it has loaded once stays. */
let tab: Page;

test.beforeAll(async ({ browser, portos }, info) => {
  const { viewport, hasTouch, isMobile, deviceScaleFactor, colorScheme } = info.project.use;
  const options = { viewport, hasTouch, isMobile, deviceScaleFactor, colorScheme };
  const known = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  tab = await browser.newPage({ ...known, baseURL: portos.url });
});

test.afterAll(() => tab.close());

for (const [name, path] of pages) {
  test(`${name} is accessible in both themes, fits its window and logs no error`, async ({ portos }, testInfo) => {
    const complaints: string[] = [];
    tab.removeAllListeners("console").removeAllListeners("pageerror");
    tab.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    tab.on("pageerror", (error) => {
      complaints.push(error.message);
    });
    await tab.goto(new URL(path, portos.url).href);
    await expect(tab.locator("main").first()).toBeVisible();
    await tab.waitForLoadState("networkidle").catch(() => undefined);
    await expectAccessible(tab, name);
    await saveScreenshots(tab, testInfo, name);
    const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, "the page must not scroll sideways").toBeLessThanOrEqual(1);
    expect(complaints).toEqual([]);
  });
}

test("an unknown address says so and leads home", async ({ page }) => {
  await page.goto("/no-such-page");
  await expect(page.getByText("There is no page at this address")).toBeVisible();
  await page.getByRole("link", { name: "Go to Home" }).click();
  await expect(page).toHaveURL(/\/$/);
});
