import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test, type PortosFixture } from "./support/test.ts";

interface ProcessReply {
  home: string;
  pmId: number;
  name: string;
}

/** Adds the sample app and starts it; returns the port it listens on. */
async function startSample(portos: PortosFixture): Promise<number> {
  await portos.call("DELETE", "/api/apps/hello-app", {});
  await portos.call("POST", "/api/apps/sample", {});
  await portos.call("POST", "/api/apps/hello-app/start", {});
  const { body } = await portos.call("GET", "/api/apps/hello-app");
  const port = (body as { processes: { ports: number[] }[] }).processes[0]?.ports[0] ?? 0;
  await expect.poll(() => answers(port)).toBe(true);
  return port;
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function crash(port: number): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/crash`, { method: "POST", redirect: "manual" });
}

test.afterEach(async ({ portos }) => {
  await portos.call("DELETE", "/api/apps/hello-app", {});
});

test(
  "a crash of the sample app becomes an incident with its last lines, and the app can be restarted from it",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    const port = await startSample(portos);
    await page.goto("/system?tab=incidents");
    await crash(port);
    const card = page.getByRole("article", { name: /^Incident of hello-app\// }).first();
    await expect(card).toBeVisible();
    await expect(card.getByText(/exit code \d+/).first()).toBeVisible();
    await expect.poll(() => answers(port)).toBe(true);
    await saveScreenshots(page, testInfo, "incidents");
    await expectAccessible(page, "Incidents");

    await card.getByRole("button", { name: /^Details of/ }).click();
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByLabel("Last lines it wrote")).toContainText(/crash|Error/i);
    await expect(page).toHaveURL(/incident=/);
    await saveScreenshots(page, testInfo, "incident");
    await expectAccessible(page, "An incident");
    await page.keyboard.press("Escape");

    await card.getByRole("button", { name: /^Restart now: hello-app/ }).click();
    await expect(page.getByText(/^Restarted hello-app\//)).toBeVisible();
    await expect.poll(() => answers(port)).toBe(true);
    await card.getByRole("button", { name: /^Dismiss/ }).click();
    await expect(card).toHaveCount(0);
    await expect(page.getByText("dismissed").first()).toBeVisible();
  },
);

test("the repair page shows, restarts and stops processes while portos-server is down", async ({
  page,
  portos,
}, testInfo) => {
  const port = await startSample(portos);
  const origin = `http://127.0.0.1:${portos.basePort + 6}`;
  await page.goto(origin);
  await page.getByRole("button", { name: "Stop portos-server" }).click();
  const start = page.getByRole("button", { name: "Start portos-server" });
  await expect(start).toBeVisible();
  await expect.poll(() => answers(portos.basePort)).toBe(false);

  await crash(port);
  await expect(page.getByRole("article").filter({ hasText: "hello-app/" })).toBeVisible();
  await page.getByRole("button", { name: /^Log hello-app\// }).click();
  await expect(page.getByRole("dialog").locator("pre")).toContainText(/crash|Error/i);
  await saveScreenshots(page, testInfo, "repair-log");
  await page.getByRole("button", { name: "Close" }).click();
  await saveScreenshots(page, testInfo, "repair");
  await expectAccessible(page, "The repair page");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);

  await start.click();
  await expect(page.getByRole("button", { name: "Stop portos-server" })).toBeVisible();
  await expect.poll(() => answers(portos.basePort), { timeout: 20_000 }).toBe(true);
});

test(
  "the repair page does without the autofixer, and brings it back",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    const origin = `http://127.0.0.1:${portos.basePort + 6}`;
    const { items } = (await (await fetch(`${origin}/api/autofixer/processes`)).json()) as { items: ProcessReply[] };
    const autofixer = items.find(({ name }) => name === "portos-autofixer");
    await page.goto(origin);
    await page.getByRole("button", { name: "Stop portos-autofixer", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("portos-autofixer does not answer");
    expect(autofixer).toMatchObject({ home: "portos" });
    await page.getByRole("button", { name: "Start portos-autofixer", exact: true }).click();
    await expect(page.getByRole("alert")).toBeHidden();
  },
);
