import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Locator, Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";
import { expectTouchable } from "./support/touch.ts";

interface Known {
  id: string;
  title: string;
  state: string;
}

async function tasks(portos: PortosFixture): Promise<Known[]> {
  return ((await portos.call("GET", "/api/tasks")).body as { tasks: Known[] }).tasks;
}

async function removeAll(portos: PortosFixture): Promise<void> {
  for (const { id } of await tasks(portos)) await portos.call("DELETE", `/api/tasks/${id}`);
}

async function add(portos: PortosFixture, title: string, state = "ready"): Promise<void> {
  const added = await portos.call("POST", "/api/tasks", { title, state });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
}

const column = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const card = (page: Page, title: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("link", { name: title, exact: true }) });
const titlesIn = (page: Page, name: string) => column(page, name).locator("[data-card-link]");

test.beforeEach(async ({ portos }) => {
  expect((await portos.call("PUT", "/api/chief", { isOn: false })).status).toBe(200);
  await removeAll(portos);
});

test("a task is added in one line, moved without dragging, deleted and brought back", async ({
  page,
  portos,
}, info) => {
  await page.goto("/agents?tab=board");
  await expect(page.getByText("No task yet")).toBeVisible();
  await expectAccessible(page, "Empty board");
  const line = page.getByLabel("New task");
  await line.fill("Fix the login #fix !high");
  await expect(page.getByText("High priority")).toBeVisible();
  await line.press("Enter");
  await expect(line).toHaveValue("");
  await line.fill("Write the guide #docs");
  await line.press("Shift+Enter");
  await expect
    .poll(async () => (await tasks(portos)).map(({ title, state }) => `${title}: ${state}`).toSorted())
    .toEqual(["Fix the login: ready", "Write the guide: draft"]);
  const isPhone = info.project.name === "phone";
  if (isPhone)
    await page
      .getByRole("group", { name: "Column" })
      .getByRole("button", { name: /^Draft/ })
      .click();
  await expect(card(page, "Write the guide")).toBeVisible();
  if (isPhone) await expectTouchable(titlesIn(page, "Draft"));
  await expectAccessible(page, "Board");
  await saveScreenshots(page, info, "board");

  await card(page, "Write the guide").getByRole("button", { name: "Actions for Write the guide" }).click();
  await page.getByRole("menuitem", { name: "Move…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "To Ready" }).click();
  await expect.poll(async () => (await tasks(portos)).every(({ state }) => state === "ready")).toBe(true);
  if (isPhone)
    await page
      .getByRole("group", { name: "Column" })
      .getByRole("button", { name: /^Ready/ })
      .click();
  await expect(titlesIn(page, "Ready")).toHaveText(["Fix the login", "Write the guide"]);

  await card(page, "Fix the login").getByRole("button", { name: "Actions for Fix the login" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(titlesIn(page, "Ready")).toHaveText(["Write the guide"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(titlesIn(page, "Ready")).toHaveText(["Fix the login", "Write the guide"]);
});

test(
  "a card is dragged with the mouse, and lifted and moved with the keyboard",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    for (const title of ["One", "Two", "Three"]) await add(portos, title);
    await page.goto("/agents");
    await expect(titlesIn(page, "Ready")).toHaveText(["One", "Two", "Three"]);

    const from = await card(page, "Three").boundingBox();
    const to = await card(page, "One").boundingBox();
    if (!from || !to) throw new Error("The cards have no place");
    await page.mouse.move(from.x + 30, from.y + from.height - 6);
    await page.mouse.down();
    await page.mouse.move(to.x + 40, to.y + 20, { steps: 6 });
    await page.mouse.move(to.x + 40, to.y + 4, { steps: 2 });
    await page.mouse.up();
    await expect(titlesIn(page, "Ready")).toHaveText(["Three", "One", "Two"]);
    await expect.poll(async () => (await tasks(portos)).map(({ title }) => title)).toEqual(["Three", "One", "Two"]);
    await expect(page).toHaveURL(/\/agents$/);

    await page.getByRole("link", { name: "One", exact: true }).focus();
    await page.keyboard.press("Space");
    await expect(page.getByText('Lifted "One". Ready, 2 of 3.', { exact: false })).toBeAttached();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByText("Ready, 3 of 3.")).toBeAttached();
    await page.keyboard.press("ArrowLeft");
    await expect(page.getByText("Draft, 1 of 1.")).toBeAttached();
    await expect(page.getByRole("link", { name: "One", exact: true })).toBeFocused();
    await page.keyboard.press("Space");
    await expect.poll(async () => (await tasks(portos)).find(({ title }) => title === "One")?.state).toBe("draft");
    await expect(page.getByRole("link", { name: "One", exact: true })).toBeFocused();

    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Escape");
    await expect(titlesIn(page, "Draft")).toHaveText(["One"]);
  },
);

/** A point of an element, so far below its upper edge. */
const pointOf = async (place: Locator, down: number): Promise<{ x: number; y: number }> => {
  const box = await place.boundingBox();
  if (!box) throw new Error("It has no place");
  return { x: box.x + 40, y: box.y + down };
};

test(
  "a finger that rests on a card lifts it; one that does not scrolls",
  { tag: "@phone" },
  async ({ page, portos }) => {
    for (const title of ["One", "Two", "Three"]) await add(portos, title);
    await page.goto("/agents?tab=board&column=ready");
    await expect(titlesIn(page, "Ready")).toHaveText(["One", "Two", "Three"]);
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", at?: { x: number; y: number }) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: at === undefined ? [] : [at] });

    const from = await pointOf(card(page, "Three"), 20);
    await touch("touchStart", from);
    await touch("touchMove", { ...from, y: from.y - 60 });
    await touch("touchEnd");
    await expect(titlesIn(page, "Ready")).toHaveText(["One", "Two", "Three"]);

    const start = await pointOf(card(page, "Three"), 20);
    await touch("touchStart", start);
    await expect(page.locator('[data-look="shadow"]')).toBeVisible();
    await touch("touchMove", await pointOf(card(page, "One"), 4));
    await expect(titlesIn(page, "Ready")).toHaveText(["Three", "One", "Two"]);
    await touch("touchEnd");
    await expect.poll(async () => (await tasks(portos)).map(({ title }) => title)).toEqual(["Three", "One", "Two"]);

    await touch("touchStart", await pointOf(card(page, "Two"), 20));
    await expect(page.locator('[data-look="shadow"]')).toBeVisible();
    await touch("touchMove", await pointOf(page.locator('[data-drop="draft"]'), 20));
    await touch("touchEnd");
    await expect.poll(async () => (await tasks(portos)).find(({ title }) => title === "Two")?.state).toBe("draft");
  },
);

test(
  "TASKS.md edited by hand shows at once while the board changes, and neither side loses",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    await add(portos, "From the board");
    const path = join(portos.dataDir, "TASKS.md");
    await expect.poll(async () => readFile(path, "utf8").catch(() => "")).toContain("From the board");
    await page.goto("/agents?tab=board&column=ready");
    await expect(titlesIn(page, "Ready")).toHaveText(["From the board"]);

    // While it is written anew there is no file for a moment.
    const written = () => readFile(path, "utf8").catch(() => "");
    const opened = await readFile(path, "utf8");
    await add(portos, "Added meanwhile");
    await expect.poll(written).toContain("Added meanwhile");
    // The editor saves what it opened before that, with its own changes.
    await writeFile(
      path,
      `${opened.replace("From the board", "From the board, said better")}- [ ] By hand !urgent\n  In two lines.\n\nA note of mine\n`,
    );
    await expect(titlesIn(page, "Ready")).toHaveText(["From the board, said better", "By hand", "Added meanwhile"]);
    await expect.poll(written).toMatch(/By hand !urgent[^]*Added meanwhile[^]*A note of mine\n$/);

    await page.getByRole("link", { name: "By hand", exact: true }).click();
    await expect(page.getByLabel("Instructions")).toHaveValue("In two lines.");
    await page.getByLabel("Instructions").fill("In two lines.\nAnd a third.");
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(written).toContain("  In two lines.\n  And a third.\n");
    await expectAccessible(page, "Task");
    await saveScreenshots(page, info, "task");

    await writeFile(path, "");
    await page.goto("/agents?tab=board");
    await expect(page.getByText("TASKS.md has lost 3 of 3 open tasks", { exact: false })).toBeVisible();
    await page.getByRole("button", { name: "Write the tasks back" }).click();
    await expect.poll(written).toContain("Added meanwhile");
    expect(await tasks(portos)).toHaveLength(3);
  },
);
