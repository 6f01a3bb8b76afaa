import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

const pin = "424242";
const sheet = (page: Page) => page.getByRole("dialog", { name: "Enter your PIN" });
const screen = (page: Page) => page.locator(".xterm-accessibility-tree").last();

async function enter(page: Page, digits: string): Promise<void> {
  await expect(sheet(page).getByLabel("PIN")).toBeFocused();
  await page.keyboard.type(digits);
  await page.keyboard.press("Enter");
}

async function openAccess(page: Page): Promise<void> {
  await page.goto("/system?tab=access");
  await expect(page.getByRole("heading", { name: "PIN" })).toBeVisible();
}

async function setPin(page: Page): Promise<void> {
  await page.getByRole("switch", { name: "Ask for a PIN" }).click({ force: true });
  const form = page.getByRole("form", { name: "Set the PIN" });
  await form.getByLabel("New PIN, 6 to 12 digits").fill(pin);
  await form.getByLabel("New PIN again").fill(pin);
  await form.getByRole("button", { name: "Set the PIN" }).click();
  await expect(page.getByRole("button", { name: "Lock now" })).toBeVisible();
}

// Each of these goes through several pages and a slow hash.
test.describe.configure({ timeout: 150_000 });

test.afterEach(async ({ portos }) => {
  expect((await portos.control("access", "--reset-pin")).code).toBe(0);
  await expect.poll(async () => (await portos.call("DELETE", "/api/notifications")).status).toBe(200);
  const { body } = await portos.call("GET", "/api/terminal/sessions");
  for (const { id } of (body as { sessions: { id: string }[] }).sessions) {
    await portos.call("POST", `/api/terminal/sessions/${id}/kill`, { graceMs: 0 });
    await expect.poll(async () => (await portos.call("DELETE", `/api/terminal/sessions/${id}`)).status).not.toBe(409);
  }
});

test(
  "with a PIN, a terminal asks for it once; Lock now asks again, for what is typed too",
  { tag: "@desktop" },
  async ({ page }, info) => {
    await page.addInitScript(() => {
      localStorage.setItem("portos.terminal.settings", JSON.stringify({ isReadAloud: true }));
    });
    await openAccess(page);
    await setPin(page);
    await saveScreenshots(page, info, "access-pin");
    await page.getByRole("button", { name: "Lock now" }).click();
    await expect(page.getByText("This browser has to enter it.")).toBeVisible();

    await page.goto("/terminal");
    await page.getByRole("button", { name: "Open a terminal" }).click();
    await expect(sheet(page)).toContainText("Terminals ask for your PIN");
    await expect(sheet(page).getByLabel("PIN")).toHaveAttribute("inputmode", "numeric");
    await saveScreenshots(page, info, "access-pin-sheet");
    await expectAccessible(page, "PIN sheet");
    await enter(page, "000000");
    await expect(sheet(page).getByRole("alert")).toContainText("That is not the PIN. 4 tries left.");
    await page.keyboard.type(pin);
    await page.keyboard.press("Enter");
    await expect(sheet(page)).toHaveCount(0);
    await expect(screen(page)).toContainText(/[#$]/);
    await page.getByTestId("terminal").last().click();
    await page.keyboard.type("echo typed-$((6*7))\n");
    await expect(screen(page)).toContainText("typed-42");

    await test.step("deleting asks no more", async () => {
      const status = await page.evaluate(async () => {
        const init = { method: "DELETE", headers: { "content-type": "application/json" }, body: "{}" };
        return (await fetch("/api/notifications", init)).status;
      });
      expect(status).toBe(200);
    });

    await test.step("after Lock now the next key asks, and is typed once the PIN is right", async () => {
      await page.evaluate(async () => {
        await fetch("/api/access/lock", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        });
      });
      await page.getByTestId("terminal").last().click();
      await page.keyboard.type("#");
      await enter(page, pin);
      await expect(sheet(page)).toHaveCount(0);
      await page.getByTestId("terminal").last().click();
      await page.keyboard.type(" kept\n");
      await expect(screen(page)).toContainText("# kept");
    });

    await test.step("a reload shows the terminal without asking, a closed sheet leaves it locked", async () => {
      await page.reload();
      await expect(screen(page)).toContainText("typed-42");
      await page.context().clearCookies();
      await page.reload();
      await expect(sheet(page)).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(page.getByText("Terminals ask for your PIN.")).toBeVisible();
      await page.getByRole("button", { name: "Enter the PIN" }).click();
      await enter(page, pin);
      await expect(screen(page)).toContainText("typed-42");
    });
  },
);

test(
  "deleting asks for the PIN, and goes on by itself once it is right",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    await portos.call("POST", "/api/backups", {});
    await openAccess(page);
    await setPin(page);
    await page.getByRole("button", { name: "Lock now" }).click();
    await expect(page.getByText("This browser has to enter it.")).toBeVisible();
    await page.goto("/system?tab=backups");
    await page
      .getByRole("button", { name: /^Actions for the backup/ })
      .first()
      .click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await enter(page, pin);
    await expect(sheet(page)).toHaveCount(0);
    await expect.poll(async () => (await portos.call("GET", "/api/backups")).body).toEqual([]);
  },
);

test(
  "the list of who may come in is made, undone and shown with what is wrong",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    await openAccess(page);
    const list = page.getByRole("list", { name: "On the list" });
    const field = page.getByLabel("Person or device to add");
    await field.fill("Ada@example.org");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(list).toContainText("ada@example.org");
    await field.fill("a-device-with-a-long-name.tail0123456.ts.net");
    await page.keyboard.press("Enter");
    await expect(list).toContainText("a-device-with-a-long-name");
    await page.getByRole("switch", { name: "Only people and devices on the list" }).click({ force: true });
    await expect(page.getByText(/nobody can be looked up in the list/)).toBeVisible();
    await saveScreenshots(page, info, "access-list");
    await expectAccessible(page, "Access");
    await page.getByRole("button", { name: "Remove ada@example.org from the list" }).click();
    await expect(list).not.toContainText("ada@example.org");
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(list).toContainText("ada@example.org");

    const file = join(portos.dataDir, "access.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"isOn": true', '"isOn": false'));
    await page.reload();
    await expect(page.getByRole("switch", { name: "Only people and devices on the list" })).not.toBeChecked();
    await portos.call("PUT", "/api/access/guests", { isOn: false, logins: [], nodes: [] });
  },
);
