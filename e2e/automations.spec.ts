import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

interface View {
  automation: { id: string; name: string };
}

/** Each test begins without automations, whatever ran before it in this PortOS. */
test.beforeEach(async ({ portos }) => {
  const { body } = await portos.call("GET", "/api/automations");
  for (const { automation } of (body as { automations: View[] }).automations)
    await portos.call("DELETE", `/api/automations/${automation.id}`);
});

async function create(portos: PortosFixture, name: string, line: string, everyMs = 86_400_000): Promise<string> {
  const anchor = new Date(Date.now() + 500).toISOString();
  const { status, body } = await portos.call("POST", "/api/automations", {
    name,
    schedule: { kind: "interval", everyMs, anchor },
    action: {
      kind: "command",
      command: { kind: "arguments", arguments: ["sh", "-c", line] },
      folder: portos.folder,
      timeLimitMs: 60_000,
    },
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as View).automation.id;
}

function main(page: Page) {
  return page.getByRole("main");
}

test(
  "from the empty page to a command that runs every minute, with its ledger and output",
  { tag: "@desktop" },
  async ({ page, isMobile }, info) => {
    test.setTimeout(240_000);
    await page.goto("/automations");
    await expect(page.getByText("Nothing runs by itself yet")).toBeVisible();
    await saveScreenshots(page, info, "automations-none");
    await expectAccessible(page, "Automations, empty");

    await page.getByRole("button", { name: "Use this example" }).click();
    const form = page.getByRole("dialog");
    await expect(form.getByLabel("Name")).toHaveValue("Say the time");
    await expect(form.getByLabel("As cron")).toHaveValue("* * * * *");
    await form.getByLabel("In words").fill("every weekday at 09:30");
    await expect(form.getByLabel("As cron")).toHaveValue("30 9 * * 1-5");
    await form.getByLabel("As cron").fill("* * * * *");
    await expect(form.getByLabel("In words")).toHaveValue("every minute");
    await saveScreenshots(page, info, "automations-editor");
    await expectAccessible(page, "Automation editor");
    await form.getByRole("button", { name: "Create, turned off" }).click();

    const toggle = main(page).getByRole("switch", { name: "Say the time is on" });
    await expect(toggle).not.toBeChecked();
    await toggle.locator("xpath=..").click(); // the track is what one sees and presses
    await expect(toggle).toBeChecked();
    await expect(
      main(page)
        .getByText(/^in \d+ (s|min)$|^now$/)
        .first(),
    ).toBeVisible();
    await main(page).getByRole("link", { name: "Say the time" }).first().click();
    // The phone waits for the minute, the desktop shows the same sooner.
    if (!isMobile) await main(page).getByRole("button", { name: "Run now" }).click();
    const ledger = page.getByRole("table", { name: "Ledger" });
    await expect(ledger.getByText("succeeded").first()).toBeVisible({ timeout: 130_000 }); // the user's own login shell may start slowly
    await saveScreenshots(page, info, "automation-one-run");
    await expectAccessible(page, "Automation");
    await ledger.getByRole("button").first().click();
    await expect(page.getByLabel("Output of the run")).toContainText(/\d\d:\d\d/);
    await saveScreenshots(page, info, "automation-run");
    await expectAccessible(page, "Run of an automation");
  },
);

test("output is shown while it runs, and a run can be cancelled", { tag: "@desktop" }, async ({ page, portos }) => {
  const id = await create(portos, "Count", "for n in 1 2 3; do echo line $n; sleep 0.3; done; sleep 60");
  await page.goto(`/automations/${id}`);
  await main(page).getByRole("button", { name: "Run now" }).click();
  await page.getByRole("table", { name: "Ledger" }).getByRole("button").first().click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText("running", { exact: true })).toBeVisible();
  await expect(sheet.getByLabel("Output of the run")).toContainText("line 3");
  await sheet.getByRole("button", { name: "Cancel the run" }).click();
  await expect(sheet.getByText("cancelled", { exact: true })).toBeVisible();
});

test(
  "what is wrong is said at the field, and a deletion can be undone",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    await create(portos, "Keep me", "true");
    await page.goto("/automations?edit=new");
    const form = page.getByRole("dialog");
    await form.getByLabel("Name").fill("Broken");
    await form.getByLabel("As cron").fill("61 * * * *");
    await form.getByLabel("Command line").fill("date");
    await form.getByLabel("Folder", { exact: true }).fill("/no/such/folder");
    await form.getByRole("button", { name: "Create, turned off" }).click();
    await expect(form.getByText("Invalid value for minute: 61").first()).toBeVisible();
    await expect(form.getByText("does not exist or cannot be read").first()).toBeVisible();
    await expect(form.getByLabel("As cron")).toBeFocused();
    await form.getByRole("button", { name: "Cancel" }).click();
    await main(page).getByRole("button", { name: "Actions for Keep me" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await expect(page.getByText("Nothing runs by itself yet")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(main(page).getByRole("link", { name: "Keep me" }).first()).toBeVisible();
  },
);

test("many automations, all paused", async ({ page, portos }, info) => {
  test.setTimeout(150_000);
  for (let index = 0; index < 30; index += 1) {
    const name =
      index === 3 ? "A very long name that must not push anything off the page ".repeat(2).trim() : `Job ${index}`;
    const id = await create(portos, name, "true", 3_600_000 * (index + 1));
    if (index % 3 !== 0) await portos.call("POST", `/api/automations/${id}/enable`);
  }
  await page.goto("/automations");
  await expect(main(page).getByRole("link", { name: "Job 29" }).first()).toBeVisible();
  await saveScreenshots(page, info, "automations-many");
  await page.getByRole("button", { name: "Pause all" }).click();
  await expect(page.getByText(/All automations since/)).toBeVisible();
  await expectAccessible(page, "Automations, many");
  await saveScreenshots(page, info, "automations-paused");
  await main(page).getByRole("button", { name: "Resume all" }).first().click();
  await expect(page.getByText(/All automations since/)).toBeHidden();
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0);
});
