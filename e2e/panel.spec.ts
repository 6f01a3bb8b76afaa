import type { Page } from "@playwright/test";

import { expectInsideWindow } from "./support/inside-window.ts";
import { expect, test } from "./support/test.ts";

async function openLive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeAttached();
}

test(
  "the palette goes anywhere by keyboard, and g with a letter does the same",
  { tag: "@desktop" },
  async ({ page }) => {
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
  },
);

test("Escape closes the palette, and the focus is where it was", { tag: "@desktop" }, async ({ page }) => {
  await openLive(page, "/history");
  const search = page.getByLabel("Search the history");
  await search.focus();
  await page.keyboard.press("Control+k");
  const palette = page.getByPlaceholder("Where to, or what to do?");
  await expect(palette).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(search).toBeFocused();
  await page
    .getByRole("button", { name: /^Search/ })
    .first()
    .click();
  await palette.fill("zzz nothing is called so");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(page.getByRole("button", { name: /^Search/ }).first()).toBeFocused();
});

test("menus and the notifications lie inside the window and close with Escape", async ({ page, portos, isMobile }) => {
  await portos.call("POST", "/api/apps/sample", {});
  await openLive(page, "/");
  const buttons = [
    page.getByRole("article", { name: "Hello app" }).getByRole("button", { name: /^Actions for/ }),
    ...(isMobile ? [page.getByRole("button", { name: "More" })] : []),
  ];
  for (const button of buttons) {
    await button.click();
    const menu = page.getByRole("menu").filter({ visible: true });
    await expectInsideWindow(menu);
    await page.keyboard.press("Escape");
    await expect(menu).toHaveCount(0);
    await expect(button).toBeFocused();
  }
  await page.getByRole("button", { name: /^Notifications/ }).click();
  const drawer = page.getByRole("dialog", { name: /Notifications/ });
  await expectInsideWindow(drawer);
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await portos.call("DELETE", "/api/apps/hello-app", {});
});

test("the history names things, leads to them, and shows one alone", { tag: "@desktop" }, async ({ page, portos }) => {
  await portos.call("POST", "/api/apps/sample", {});
  await portos.call("PATCH", "/api/apps/hello-app", { description: "An example." });
  await portos.call("POST", "/api/backups", {});
  await openLive(page, "/history");
  const row = page.getByRole("row").filter({ hasText: "Change an app" }).first();
  await expect(row.getByRole("link", { name: "Hello app" })).toHaveAttribute("href", "/apps/hello-app");
  await row.getByRole("button", { name: "Change an app" }).click();
  await page.getByRole("button", { name: "Only what was done to it" }).click();
  await expect(page).toHaveURL(/subject=hello-app/);
  await expect(page.getByRole("row").filter({ hasText: "Back up data now" })).toHaveCount(0);
  await portos.call("DELETE", "/api/apps/hello-app", {});
  await page.reload();
  const deletion = page.getByRole("row").filter({ hasText: "Delete an app" }).first();
  await expect(deletion).toContainText("Hello app");
  await expect(deletion.getByRole("link")).toHaveCount(0);
});

test("a letter typed into a field is text, not a shortcut", { tag: "@desktop" }, async ({ page }) => {
  await openLive(page, "/history");
  const search = page.getByLabel("Search the history");
  await search.click();
  await page.keyboard.type("g s");
  await expect(search).toHaveValue("g s");
  await expect(page).toHaveURL(/\/history/);
});

test("settings are kept, can be undone, and both are in the history", { tag: "@desktop" }, async ({ page }) => {
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

test(
  "a backup shows what a restore would change before anything is touched",
  { tag: "@desktop" },
  async ({ page, portos }) => {
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
  },
);

test("deleting a backup asks once, with the safe button focused", { tag: "@desktop" }, async ({ page, portos }) => {
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

test(
  "without the server every page opens and shows what was last known, with its age",
  { tag: "@desktop" },
  async ({ page, context }) => {
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
  },
);

test(
  "portos-server can be restarted from its own page, which reconnects",
  { tag: "@desktop" },
  async ({ page, portos }) => {
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
  },
);
