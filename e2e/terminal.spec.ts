import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { expectInsideWindow } from "./support/inside-window.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test, type PortosFixture } from "./support/test.ts";

/** The screen is drawn, so its text is read where a screen reader reads it. */
async function openTerminals(page: Page): Promise<void> {
  await page.addInitScript(() => {
    localStorage.setItem("portos.terminal.settings", JSON.stringify({ isReadAloud: true }));
  });
  await page.goto("/terminal");
}

const screen = (page: Page) => page.locator(".xterm-accessibility-tree").last();

async function type(page: Page, text: string): Promise<void> {
  await page.getByTestId("terminal").last().click();
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

async function endSessions(portos: PortosFixture): Promise<void> {
  const { body } = await portos.call("GET", "/api/terminal/sessions");
  for (const { id } of (body as { sessions: { id: string }[] }).sessions) {
    await portos.call("POST", `/api/terminal/sessions/${id}/kill`, { graceMs: 0 });
    await expect.poll(async () => (await portos.call("DELETE", `/api/terminal/sessions/${id}`)).status).not.toBe(409);
  }
}

test.afterEach(async ({ portos }) => {
  await endSessions(portos);
});

test("what was typed is still there after a reload, and after portos-server was killed @desktop", async ({
  page,
  portos,
}, info) => {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await openTerminals(page);
  await expect(page.getByText("No terminal open")).toBeVisible();
  await expectAccessible(page, "Terminal, empty");
  await saveScreenshots(page, info, "terminal-empty");
  await page.getByRole("button", { name: "Open a terminal" }).click();
  await expect(screen(page)).toContainText(/[#$]/);
  await type(page, "WORD=persists; echo first-$((40+2))");
  await expect(screen(page)).toContainText("first-42");

  await page.reload();
  await expect(screen(page)).toContainText("first-42");
  await type(page, "echo $WORD-$WORD");
  await expect(screen(page)).toContainText("persists-persists");

  const { pid } = (await (await fetch(`${portos.url}/health`)).json()) as { pid: number };
  process.kill(pid, "SIGKILL");
  await expect(page.getByText(/reconnecting|offline/i).first()).toBeVisible();
  await expect
    .poll(
      async () =>
        fetch(`${portos.url}/health`).then(
          (reply) => reply.ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  await expect(async () => {
    await type(page, "echo again-$((1+2))-$WORD");
    await expect(screen(page)).toContainText("again-3-persists", { timeout: 2000 });
  }).toPass({ timeout: 30_000 });
  await saveScreenshots(page, info, "terminal");
  await expectAccessible(page, "Terminal");
  expect(problems).toEqual([]);
});

test(
  "ending a terminal can be undone; an ended one stays readable until it is closed",
  { tag: "@desktop" },
  async ({ page }) => {
    await openTerminals(page);
    await page.getByRole("button", { name: "Open a terminal" }).click();
    await expect(screen(page)).toContainText(/[#$]/);
    const close = page.getByRole("button", { name: /^Close / }).first();
    await close.click();
    await page.getByRole("button", { name: "Undo" }).click();
    await type(page, "echo alive-$((6*7))");
    await expect(screen(page)).toContainText("alive-42");
    await type(page, "exit 3");
    await expect(page.getByText("Ended with exit code 3.")).toBeVisible();
    await expect(screen(page)).toContainText("alive-42");
    await close.click();
    await expect(page.getByText("No terminal open")).toBeVisible();
  },
);

test(
  "two devices look at one session, and its size is the smaller one's",
  { tag: "@desktop" },
  async ({ page, browser, portos }) => {
    await openTerminals(page);
    await page.getByRole("button", { name: "Open a terminal" }).click();
    await expect(screen(page)).toContainText(/[#$]/);
    const context = await browser.newContext({ viewport: { width: 320, height: 600 }, baseURL: portos.url });
    const other = await context.newPage();
    await openTerminals(other);
    await expect(screen(other)).toContainText(/[#$]/);
    await type(other, "echo from-$((3*3))");
    await expect(screen(page)).toContainText("from-9");
    const { body } = await portos.call("GET", "/api/terminal/sessions");
    const [session] = (body as { sessions: { viewers: number; cols: number }[] }).sessions;
    expect(session?.viewers).toBe(2);
    expect(session?.cols).toBeLessThan(60);
    await context.close();
  },
);

test(
  "a folder in the address opens a shell there, and typed commands can be found",
  { tag: "@desktop" },
  async ({ page, isMobile }, info) => {
    await openTerminals(page);
    await page.goto("/terminal?cwd=/tmp");
    await expect(page).toHaveURL(/session=/);
    await expect(screen(page)).toContainText(/[#$]/);
    await type(page, "pwd; echo find-me-$((9*9))");
    await expect(screen(page)).toContainText("find-me-81");
    await page.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Typed commands" }).click();
    await page.getByLabel("Search typed commands").fill("find-me");
    await expect(page.getByRole("dialog").getByText("pwd; echo find-me-$((9*9))").first()).toBeVisible();
    await saveScreenshots(page, info, "terminal-commands");
    await expectAccessible(page, `Typed commands${isMobile ? " on a phone" : ""}`);
  },
);

test("the menu lies inside the window, also with what is behind a line", async ({ page }, info) => {
  await openTerminals(page);
  await page.getByRole("button", { name: "Open a terminal" }).click();
  await expect(screen(page)).toContainText(/[#$]/);
  await page.getByRole("button", { name: /^Actions for/ }).click();
  const menu = page.getByRole("menu").filter({ visible: true });
  await expectInsideWindow(menu);
  await expect(menu.getByRole("menuitem")).not.toHaveCount(0);
  await saveScreenshots(page, info, "terminal-menu");
  await menu.getByRole("menuitem", { name: /^Text and colours/ }).click();
  await expectInsideWindow(menu);
  await menu.getByRole("menuitemradio", { name: "Deep sea" }).click();
  await expect(menu.getByRole("menuitemradio", { name: "Deep sea" })).toHaveAttribute("aria-checked", "true");
  await menu.getByRole("menuitem", { name: "Text and colours" }).click();
  await expect(menu.getByRole("menuitem", { name: "Typed commands" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
});

test(
  "a split is dragged with the pointer and keeps its sizes after a reload",
  { tag: "@desktop" },
  async ({ page }) => {
    await openTerminals(page);
    await page.getByRole("button", { name: "Open a terminal" }).click();
    await expect(screen(page)).toContainText(/[#$]/);
    await page.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Split to the right" }).click();
    const panes = page.getByTestId("terminal");
    await expect(panes).toHaveCount(2);
    const widthOf = async (index: number): Promise<number> => (await panes.nth(index).boundingBox())?.width ?? 0;
    await expect.poll(async () => Math.abs((await widthOf(0)) - (await widthOf(1)))).toBeLessThan(12);
    const border = page.getByRole("separator", { name: "Border between two terminals" });
    const box = await border.boundingBox();
    if (box === null) throw new Error("The border between the terminals is not there");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 120, y, { steps: 4 });
    await page.mouse.move(x + 240, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await widthOf(0)) - (await widthOf(1))).toBeGreaterThan(400);
    const before = await widthOf(0);
    await page.reload();
    await expect(panes).toHaveCount(2);
    await expect.poll(async () => Math.abs((await widthOf(0)) - before)).toBeLessThan(3);
  },
);

test(
  "a bell in a terminal behind another marks its tab until it is looked at",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const signal = join(portos.folder, `ring-${info.project.name}-${String(info.repeatEachIndex)}`);
    const first = (await portos.call("POST", "/api/terminal/sessions", { name: "builds" })).body as { id: string };
    const second = (await portos.call("POST", "/api/terminal/sessions", { name: "in front" })).body as { id: string };
    await openTerminals(page);
    await page.goto(`/terminal?session=${first.id}`);
    await expect(screen(page)).toContainText(/[#$]/);
    await type(page, `until [ -e ${signal} ]; do sleep 0.1; done; printf '\\a'; echo rang-$((3+4))`);
    await expect(screen(page)).toContainText("until ["); // it has come to the shell before the tab is left
    const tabs = page.getByRole("group", { name: "Terminals" });
    await tabs.getByRole("button", { name: /^in front/ }).click();
    await expect(page).toHaveURL(new RegExp(second.id));
    await expect(screen(page)).toContainText(/[#$]/);
    await writeFile(signal, "");
    const mark = tabs.getByLabel("The bell rang");
    await expect(mark).toBeVisible({ timeout: 10_000 });
    await tabs
      .getByRole("button", { name: /builds/ })
      .first()
      .click();
    await expect(mark).toHaveCount(0);
    await page.reload();
    await expect(screen(page)).toContainText("rang-7");
    await expect(mark).toHaveCount(0);
  },
);

test("a recording can be replayed and downloaded", { tag: "@desktop" }, async ({ page, portos }, info) => {
  await openTerminals(page);
  await page.getByRole("button", { name: "Open a terminal" }).click();
  await expect(screen(page)).toContainText(/[#$]/);
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Record", exact: true }).click();
  await expect(page.getByText("Recording", { exact: true })).toBeVisible();
  await type(page, "echo on-tape-$((5*5))");
  await expect(screen(page)).toContainText("on-tape-25");
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Stop recording" }).click();
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Recordings" }).click();
  await page.getByRole("button", { name: "Replay" }).click();
  await expect(page.getByRole("slider", { name: "Position" })).toBeVisible();
  await saveScreenshots(page, info, "terminal-recordings");
  const link = await page.getByRole("link", { name: "Download" }).getAttribute("href");
  const text = await (await fetch(new URL(link ?? "", portos.url))).text();
  expect(JSON.parse(text.split("\n")[0] ?? "")).toMatchObject({ version: 2 });
  expect(text).toContain("on-tape-25");
});

test("the keys above a phone's keyboard reach the program", { tag: "@phone" }, async ({ page }, info) => {
  await openTerminals(page);
  await page.getByRole("button", { name: "Open a terminal" }).click();
  await expect(screen(page)).toContainText(/[#$]/);
  await type(page, "echo up-$((2*4))");
  await expect(screen(page)).toContainText("up-8");
  const keys = page.getByRole("toolbar", { name: "Terminal keys" });
  await type(page, "sleep 300");
  await keys.getByText("Ctrl", { exact: true }).tap();
  await expect(keys.getByText("Ctrl", { exact: true })).toHaveAttribute("data-state", "next");
  await page.keyboard.type("c");
  await expect(keys.getByText("Ctrl", { exact: true })).toHaveAttribute("data-state", "off");
  await expect(screen(page)).toContainText("^C");
  await type(page, "read -p 'Go on? [y/n] ' A; echo answer=$A.");
  await page.getByRole("group", { name: "Answers the screen seems to ask for" }).getByText("y", { exact: true }).tap();
  await expect(screen(page)).toContainText("answer=y.");
  await saveScreenshots(page, info, "terminal-keys");
  await expectAccessible(page, "Terminal keys");
});
