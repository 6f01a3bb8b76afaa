import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

const healthOffsets = { server: 0, ui: 1, browser: 3, cos: 4, autofixer: 5, "autofixer-ui": 6 };

test("all six processes answer after a start", async ({ portos }) => {
  for (const [name, offset] of Object.entries(healthOffsets)) {
    const response = await fetch(`http://127.0.0.1:${portos.basePort + offset}/health`);
    expect(await response.json(), name).toMatchObject({ process: `portos-${name}` });
  }
  const { code, output } = await portos.control("status");
  expect(output.match(/online/g)).toHaveLength(6);
  expect(code).toBe(0);
});

test("the page opens on both ports and shows a live panel", async ({ page, portos }, testInfo) => {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  for (const url of [portos.url, `http://127.0.0.1:${portos.basePort + 1}`]) {
    await page.goto(url);
    await expect(page).toHaveTitle(/PortOS/);
    await expect(page.getByRole("main")).toBeVisible();
    await expect(page.getByRole("navigation").first()).toBeVisible();
  }
  expect(problems).toEqual([]);
  await saveScreenshots(page, testInfo, "home-first-start");
  await expectAccessible(page, "Home");
});

test(
  "a second start with nothing changed keeps every process and takes under three seconds",
  { tag: "@desktop" },
  async ({ portos }) => {
    const before = await portos.control("status");
    const { code, output, seconds } = await portos.control("start");
    expect(output).toContain(
      "running portos-server, portos-ui, portos-browser, portos-cos, portos-autofixer, portos-autofixer-ui",
    );
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(3);
    expect(pids((await portos.control("status")).output)).toEqual(pids(before.output));
  },
);

test("a foreign page gets nothing from any port", { tag: "@desktop" }, async ({ portos }) => {
  for (const offset of Object.values(healthOffsets)) {
    const response = await fetch(`http://127.0.0.1:${portos.basePort + offset}/`, {
      headers: { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site" },
    });
    expect(response.status).toBe(403);
  }
});

function pids(text: string): (string | undefined)[] {
  return [...text.matchAll(/online\s+(\d+)/g)].map(([, pid]) => pid);
}
