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

for (const [name, path] of pages) {
  test(`${name} is accessible in both themes, fits its window and logs no error`, async ({ page }, testInfo) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => {
      complaints.push(error.message);
    });
    await page.goto(path);
    await expect(page.locator("main").first()).toBeVisible();
    await page.waitForLoadState("networkidle").catch(() => undefined);
    await expectAccessible(page, name);
    await saveScreenshots(page, testInfo, name);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
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
