import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

test(
  "Chrome is up: a tab is opened, its screenshot taken, shown, deleted and brought back",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    await page.goto("/system?tab=browser");
    const main = page.getByRole("main");
    await expect(main.getByText("online")).toBeVisible({ timeout: 30_000 });
    await main.getByLabel("Address to open").fill(`127.0.0.1:${portos.basePort + 6}`);
    await main.getByRole("button", { name: "Open", exact: true }).click();
    const tab = main
      .getByRole("list", { name: "Open tabs" })
      .getByRole("listitem")
      .filter({ hasText: "PortOS repair" });
    await expect(tab).toBeVisible();
    await tab.getByRole("button", { name: "Screenshot of PortOS repair" }).click();

    const shot = main.getByRole("button", { name: /^PortOS repair/ }).first();
    await expect(shot).toBeVisible();
    await saveScreenshots(page, testInfo, "browser");
    await expectAccessible(page, "The browser");
    await shot.click();
    const sheet = page.getByRole("dialog");
    const image = sheet.getByRole("img", { name: "Screenshot of PortOS repair" });
    await expect(image).toBeVisible();
    await expect
      .poll(() => image.evaluate((element) => (element as HTMLImageElement).naturalWidth))
      .toBeGreaterThan(500);
    await expectAccessible(page, "A screenshot");
    await sheet.getByRole("button", { name: "Delete" }).click();
    await expect(main.getByText("No screenshots yet")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(shot).toBeVisible();

    await tab.getByRole("button", { name: "Close PortOS repair" }).click();
    await expect(tab).toHaveCount(0);
    const { body } = await portos.call("GET", "/api/browser/screenshots");
    for (const { id } of (body as { items: { id: string }[] }).items)
      await portos.call("DELETE", `/api/browser/screenshots/${id}`, {});
  },
);

test("a switch that would open the machine is refused where it was typed", { tag: "@desktop" }, async ({ page }) => {
  await page.goto("/system?tab=browser");
  await page.getByLabel("Further switches").fill("--remote-debugging-address=0.0.0.0");
  await page.getByRole("button", { name: "Save and restart Chrome" }).click();
  await expect(page.getByText("--remote-debugging-address is not a switch that may be added").first()).toBeVisible();
});

test("stopping and starting Chrome is seen at once", { tag: "@desktop" }, async ({ page }) => {
  await page.goto("/system?tab=browser");
  const main = page.getByRole("main");
  await expect(main.getByText("online")).toBeVisible({ timeout: 30_000 });
  await main.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(main.getByText("stopped", { exact: true })).toBeVisible();
  await main.getByRole("button", { name: "Start Chrome", exact: true }).click();
  await expect(main.getByText("online")).toBeVisible({ timeout: 30_000 });
});
