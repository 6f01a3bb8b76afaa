import type { Page } from "@playwright/test";

import { expect, test } from "./support/test.ts";

async function openLive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeAttached();
}

test("the palette goes anywhere by keyboard, and g with a letter does the same", async ({ page, isMobile }) => {
  test.skip(isMobile, "keyboards sit at desks");
  await openLive(page, "/");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Where to, or what to do?").fill("go to history");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/history$/);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/system$/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Go to History");
});

test("a letter typed into a field is text, not a shortcut", async ({ page }) => {
  await openLive(page, "/history");
  const search = page.getByLabel("Search the history");
  await search.click();
  await page.keyboard.type("g s");
  await expect(search).toHaveValue("g s");
  await expect(page).toHaveURL(/\/history/);
});

test("settings are kept, can be undone, and both are in the history", async ({ page }) => {
  await openLive(page, "/system?tab=settings");
  await page.getByLabel("Machine name").fill("Bench");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Settings saved")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Machine name")).toHaveValue("Bench");
  await page.getByLabel("Machine name").fill("Other");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByLabel("Machine name")).toHaveValue("Bench");
  await page.goto("/history?feature=settings");
  await expect(page.getByRole("row").filter({ hasText: "Change the settings" })).toHaveCount(3);
});

test("a backup shows what a restore would change before anything is touched", async ({ page, portos }) => {
  await openLive(page, "/system?tab=backups");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.getByText(/^Backed up \d+ files?$/)).toBeVisible();
  const { body: settings } = await portos.call("GET", "/api/settings");
  await portos.call("PUT", "/api/settings", { ...(settings as object), machineName: "Changed since" });
  await page
    .getByRole("button", { name: /^Actions for the backup/ })
    .first()
    .click();
  await page.getByRole("menuitem", { name: "Restore…" }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByRole("listitem").filter({ hasText: "settings.json" })).toContainText("changed");
  await sheet.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText(/^Restored \d+ files?$/)).toBeVisible();
  await expect
    .poll(async () => (await portos.call("GET", "/api/settings")).body)
    .toMatchObject({ machineName: (settings as { machineName: string }).machineName });
});

test("deleting a backup asks once, with the safe button focused", async ({ page, portos }) => {
  await portos.call("POST", "/api/backups", {});
  await openLive(page, "/system?tab=backups");
  const rows = page.getByRole("button", { name: /^Actions for the backup/ });
  await expect(rows.first()).toBeVisible();
  const before = await rows.count();
  await rows.first().click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(rows).toHaveCount(before);
});

test("without the server every page opens and shows what was last known, with its age", async ({ page, context }) => {
  await openLive(page, "/");
  await expect(page.getByText("CPU, ", { exact: false })).toBeVisible();
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage("keep-everything", { transfer: [] });
  });
  await expect
    .poll(
      () =>
        page.evaluate(async () => {
          const kept = (await (await caches.open("portos-shell-1")).keys()).map(({ url }) => new URL(url).pathname);
          const manifest = (await (await fetch("/asset-manifest.json")).json()) as Record<string, { file: string }>;
          return Object.values(manifest).filter(({ file }) => file.endsWith(".js") && !kept.includes(`/${file}`))
            .length;
        }),
      { timeout: 30_000 },
    )
    .toBe(0);
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByText("CPU, ", { exact: false })).toBeVisible();
  await expect(page.getByText(/as of \d\d:\d\d/).first()).toBeVisible({ timeout: 15_000 });
  await page.goto("/history");
  await expect(page.getByRole("heading", { name: "History" })).toBeAttached();
  await context.setOffline(false);
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeAttached({ timeout: 20_000 });
});

test("portos-server can be restarted from its own page, which reconnects", async ({ page, portos }) => {
  const before = (await portos.call("GET", "/api/health")).body as { pid: number };
  await openLive(page, "/system");
  await page.getByRole("button", { name: "Restart portos-server" }).click();
  await expect(page.getByText("Restarting portos-server")).toBeVisible();
  await expect
    .poll(
      () =>
        portos.call("GET", "/api/health").then(
          ({ body }) => (body as { pid: number }).pid,
          () => before.pid,
        ),
      { timeout: 20_000 },
    )
    .not.toBe(before.pid);
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeAttached({ timeout: 20_000 });
});
