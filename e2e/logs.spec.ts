import { appendFile, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { countResizes, expectAtRest } from "./support/page-at-rest.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test, type PortosFixture } from "./support/test.ts";

test.describe.configure({ timeout: 120_000 });

const stamp = (n: number): string => `${new Date(Date.UTC(2026, 10, 21) + n * 1_000).toISOString()}: `;
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${stamp(from + index)}INFO line ${String(from + index)}\n`).join("");

/** A log of its own for one test, as an app would have written it. */
async function makeLog(portos: PortosFixture, name: string, text: string): Promise<{ file: string; address: string }> {
  const folder = join(portos.stateDir, "logs/apps/e2e");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.log`);
  await writeFile(file, text);
  return { file, address: `/logs?process=portos/e2e/${name}` };
}

const line = (page: Page, text: string) => page.getByRole("log").getByText(text, { exact: true });

test("live lines follow, reading further up holds still and counts what is new", async ({ page, portos }, testInfo) => {
  const { file, address } = await makeLog(portos, `follow-${testInfo.project.name}`, numbered(0, 3_000));
  await countResizes(page);
  await page.goto(address);
  await expect(line(page, "INFO line 2999")).toBeVisible();
  await expectAtRest(page);
  await appendFile(file, `${stamp(3_000)}10%\r50%\r\u001b[32mdone\u001b[0m\n${stamp(3_001)}token=verysecret1\n`);
  await expect(line(page, "done")).toBeVisible();
  await expect(line(page, "token=[redacted]")).toBeVisible();

  const log = page.getByRole("log");
  await log.evaluate((element) => {
    element.scrollTo({ top: element.scrollTop - 4_000 });
  });
  await expect(line(page, "INFO line 2999")).toHaveCount(0);
  const shown = await log.locator("[data-line]").nth(25).innerText();
  await appendFile(file, numbered(3_002, 3_012));
  await page.getByRole("button", { name: "10 new lines" }).waitFor();
  expect(await log.locator("[data-line]").nth(25).innerText()).toBe(shown);
  await page.getByRole("button", { name: "10 new lines" }).click();
  await expect(line(page, "INFO line 3011")).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await appendFile(file, numbered(3_012, 3_020));
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(line(page, "INFO line 3019")).toBeVisible();
  await saveScreenshots(page, testInfo, "logs-live");
  await expectAccessible(page, "Logs");
});

test(
  "the first line is reached by scrolling, over a rotated file, and no line is missing",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    const { file, address } = await makeLog(portos, `pages-${testInfo.project.name}`, numbered(0, 1_500));
    await rename(file, `${file}.1`);
    await writeFile(file, numbered(1_500, 2_500));
    await page.goto(address);
    await expect(line(page, "INFO line 2499")).toBeVisible();
    await expect(async () => {
      await page.getByRole("log").evaluate((element) => {
        element.scrollTo({ top: 0 });
      });
      await expect(line(page, "INFO line 0")).toBeInViewport({ timeout: 500 });
    }).toPass();
    await expect(line(page, "INFO line 12")).toBeInViewport();
  },
);

test(
  "search finds lines in rotated files, shows them in their context, and the link opens the same line",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    const text = `${numbered(0, 800)}${stamp(800)}Error: needle in the old file\n    at find (hay.js:1:2)\n    at more (hay.js:3:4)\n${numbered(801, 1_600)}`;
    const { file, address } = await makeLog(portos, `search-${testInfo.project.name}`, text);
    await rename(file, `${file}.1`);
    await writeFile(file, numbered(1_600, 3_000));
    await page.goto(address);
    await page.getByRole("searchbox", { name: "Search the logs" }).fill("NEEDLE");
    await page.keyboard.press("Enter");
    const results = page.getByRole("complementary", { name: "Search results" });
    await results.getByRole("button", { name: /needle in the old file/ }).click();
    await expect(page.getByRole("log").getByText("at find (hay.js:1:2)")).toBeVisible();
    await expect(line(page, "INFO line 799")).toBeVisible();
    await expectAccessible(page, "Search in logs");
    await saveScreenshots(page, testInfo, "logs-search");

    await page.getByRole("button", { name: "Hide 2 lines that belong to this one" }).click();
    await expect(page.getByRole("log").getByText("at find (hay.js:1:2)")).toHaveCount(0);
    await page.reload();
    await expect(page.getByRole("log").getByText("at find (hay.js:1:2)")).toBeVisible();
    await page.getByRole("button", { name: /Newest|new line/ }).click();
    await expect(line(page, "INFO line 2999")).toBeVisible();
  },
);

test("levels hide what is not asked for, and an expression that is wrong is explained", async ({
  page,
  portos,
}, testInfo) => {
  const { address } = await makeLog(
    portos,
    `levels-${testInfo.project.name}`,
    `${numbered(0, 50)}${stamp(60)}ERROR broken\n`,
  );
  await page.goto(address);
  const isPhone = testInfo.project.name === "phone";
  if (isPhone)
    await page.getByRole("button", { name: "More", exact: true }).and(page.getByLabel("More")).last().click();
  await page.getByRole("group", { name: "Levels shown" }).getByRole("button", { name: "error" }).click();
  if (isPhone) {
    await expectAccessible(page, "Log view sheet");
    await saveScreenshots(page, testInfo, "logs-options");
    await page.keyboard.press("Escape");
  }
  await expect(line(page, "ERROR broken")).toBeVisible();
  await expect(line(page, "INFO line 49")).toHaveCount(0);
  await page.goto(`${address}&q=a(&regex=1`);
  await expect(page.getByText(/The regular expression is wrong/)).toBeVisible();
});

test(
  "without the server the last lines are shown with their age, and what to do; then it goes on",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    const { file, address } = await makeLog(portos, `away-${testInfo.project.name}`, numbered(0, 5));
    const other = await makeLog(portos, `unseen-${testInfo.project.name}`, numbered(0, 5));
    await page.goto(address);
    await expect(line(page, "INFO line 4")).toBeVisible();
    let isAway = true;
    await page.route(/\/(?:api|socket\.io)\//, (route) => (isAway ? route.abort() : route.continue()));
    await page.routeWebSocket(/socket\.io/, (socket) => {
      if (isAway) void socket.close();
      else socket.connectToServer();
    });
    await page.reload();
    await expect(line(page, "INFO line 4")).toBeVisible();
    await expect(page.getByText(/As of \d\d:\d\d.*: PortOS does not answer.*npm start/)).toBeVisible();
    await saveScreenshots(page, testInfo, "logs-without-server");
    await page.goto(other.address);
    await expect(page.getByText("PortOS does not answer", { exact: true })).toBeVisible();
    await saveScreenshots(page, testInfo, "logs-without-server-unseen");
    await page.goto(address);
    await appendFile(file, numbered(5, 6));
    isAway = false;
    await expect(line(page, "INFO line 5")).toBeVisible({ timeout: 25_000 });
    await expect(page.getByText(/PortOS does not answer/)).toHaveCount(0);
  },
);
