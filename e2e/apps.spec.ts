import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test, type PortosFixture } from "./support/test.ts";

interface AppReply {
  id: string;
  processes: { ports: number[] }[];
}

/** A file of the project the panel watches for in its own log: nothing may go wrong in the page unseen. */
function watchProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/net::ERR|Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  return problems;
}

async function removeAllApps(portos: PortosFixture): Promise<void> {
  const { body } = await portos.call("GET", "/api/apps");
  for (const { id } of body as AppReply[]) await portos.call("DELETE", `/api/apps/${id}`, {});
}

test.describe.configure({ timeout: 120_000 });
test.beforeEach(({ portos }) => removeAllApps(portos));
test.afterAll(({ portos }) => removeAllApps(portos));

test("from nothing: the sample app is added, started, crashed, restarted, stopped and deleted with undo", async ({
  page,
  portos,
}, testInfo) => {
  const problems = watchProblems(page);
  await page.goto("/apps");
  await expect(page.getByText("No apps yet")).toBeVisible();
  await saveScreenshots(page, testInfo, "apps-empty");
  await expectAccessible(page, "Apps without any");
  await page.getByRole("button", { name: "Add the sample app" }).click();

  await expect(page.getByRole("heading", { name: "Hello app" })).toBeVisible();
  const main = page.getByRole("main");
  await main.getByRole("button", { name: "Start", exact: true }).click();
  await expect(main.getByText("online").first()).toBeVisible();
  const { body } = await portos.call("GET", "/api/apps/hello-app");
  const port = (body as AppReply).processes[0]?.ports[0] ?? 0;
  await expect.poll(() => answers(port)).toBe(true);
  await saveScreenshots(page, testInfo, "app-online");
  await expectAccessible(page, "An app");

  await fetch(`http://127.0.0.1:${port}/crash`, { method: "POST", redirect: "manual" });
  await expect(main.getByText(/1 restart$/).first()).toBeVisible();
  await expect.poll(() => answers(port)).toBe(true);

  await main.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(main.getByRole("button", { name: "Start", exact: true })).toBeVisible();
  await expect.poll(() => answers(port)).toBe(false);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => answers(port)).toBe(true);

  await main.getByRole("button", { name: "Actions for Hello app" }).click();
  await page.getByRole("menuitem", { name: "Delete Hello app" }).click();
  await expect(page).toHaveURL(/\/apps$/);
  await expect(page.getByText("No apps yet")).toBeVisible();
  await expect.poll(() => answers(port)).toBe(false);
  await page.getByText("Deleted Hello app").locator("../..").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("link", { name: "Hello app" })).toBeVisible();
  await expect.poll(() => answers(port)).toBe(true);
  expect(problems).toEqual([]);
});

test("a folder becomes an app: steps, plan, import, undo", { tag: "@desktop" }, async ({ page, portos }, testInfo) => {
  const port = 4355;
  const project = join(portos.folder, `projects-${testInfo.project.name}`, "shop");
  await mkdir(project, { recursive: true });
  const scripts = { dev: `node server.js --port ${port}`, worker: "node worker.js" };
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "shop", scripts, dependencies: { express: "5" } }),
  );
  await writeFile(join(project, "server.js"), `require("http").createServer((q, r) => r.end("ok")).listen(${port})`);
  await writeFile(join(project, ".env"), `PORT=${port}\nSECRET=do-not-show-me\n`);

  await page.goto("/apps/import");
  await page.getByRole("combobox", { name: "Project folder" }).fill(project);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Look into it" }).click();
  await expect(page.getByText("script dev, Express")).toBeVisible();
  await expect(page.getByLabel("Take dev")).toBeChecked();
  await expect(page.getByLabel("Take worker")).not.toBeChecked();
  await expect(page.getByText("do-not-show-me")).toHaveCount(0);
  await saveScreenshots(page, testInfo, "import-plan");
  await expectAccessible(page, "An import plan");

  await page.getByRole("button", { name: "Add shop" }).click();
  await expect(page.getByRole("heading", { name: "shop" })).toBeVisible();
  await expect.poll(() => answers(port)).toBe(true);
  await page.getByText("Added shop").locator("../..").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("No apps yet")).toBeVisible();
  await expect.poll(() => answers(port)).toBe(false);
});

test("fifty apps with long names: filtered, sorted, grouped, as list and as grid", async ({
  page,
  portos,
}, testInfo) => {
  const folder = join(portos.folder, `many-${testInfo.project.name}`);
  for (let number = 1; number <= 50; number++) {
    const name =
      number === 7 ? "A name that goes on and on, as names of customers' projects sometimes do" : `Project ${number}`;
    const path = join(
      folder,
      number === 7 ? "a-folder-name-that-is-quite-long-as-well/and-deep/very-deep" : `project-${number}`,
    );
    await mkdir(path, { recursive: true });
    const processes = [
      { name: "web", run: { kind: "command", command: ["node", "server.js"] }, ports: [6000 + number] },
    ];
    await portos.call("POST", "/api/apps", { name, folder: path, group: number % 2 ? "Odd" : "", processes });
  }
  await page.goto("/apps");
  const main = page.getByRole("main");
  await expect(main.getByRole("link", { name: "Project 50" })).toBeVisible();
  await saveScreenshots(page, testInfo, "apps-50-list");
  await expectAccessible(page, "Fifty apps");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);

  await main.getByLabel("Find an app").fill("6044");
  await expect(main.getByRole("link", { name: "Project 44" })).toBeVisible();
  await expect(main.getByRole("link", { name: "Project 50" })).toHaveCount(0);
  await expect(page).toHaveURL(/q=6044/);
  await page.reload();
  await expect(main.getByRole("link", { name: "Project 50" })).toHaveCount(0);

  await page.goto("/apps?group=group");
  await expect(main.getByRole("heading", { name: "Odd" })).toBeVisible();
  await page.goto("/apps");
  await main.getByText("Grid").locator("..").click();
  await expect(main.getByRole("article").first()).toBeVisible();
  await saveScreenshots(page, testInfo, "apps-50-grid");
  await expectAccessible(page, "Fifty apps as tiles");
  await page.goto("/apps?status=online");
  await expect(main.getByText("No app matches")).toBeVisible();
});

test(
  "a process is added, edited and moved; a secret is kept without being shown",
  { tag: "@desktop" },
  async ({ page, portos }, testInfo) => {
    const folder = join(portos.folder, `edit-${testInfo.project.name}`);
    await mkdir(folder, { recursive: true });
    await portos.call("POST", "/api/apps", { name: "Edit me", folder, processes: [] });
    await page.goto("/apps/edit-me?tab=processes");
    await page.getByRole("button", { name: "Add a process" }).click();
    await page.getByLabel("Command").fill("node 'my server.js' && echo");
    await expect(page.getByText("&& needs a shell")).toBeVisible();
    await page.getByLabel("Command").fill("node 'my server.js'");
    await saveScreenshots(page, testInfo, "process-form");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByText("node 'my server.js'")).toBeVisible();

    await page.goto("/apps/edit-me?tab=environment");
    await page.getByRole("button", { name: "Add a variable" }).click();
    await page.getByLabel("Name of the variable").fill("API_TOKEN");
    await page.getByLabel("Secret").check();
    await page.getByLabel("Value of API_TOKEN").fill("very-secret-value-1234");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByPlaceholder("kept, ends in 1234")).toBeVisible();
    await saveScreenshots(page, testInfo, "app-environment");
    await expectAccessible(page, "The environment of an app");
    expect(JSON.stringify(await portos.call("GET", "/api/apps"))).not.toContain("very-secret-value-1234");

    await page.goto("/apps/edit-me");
    await page.getByRole("main").getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.getByText(/errored|restarting soon|restart/).first()).toBeVisible();
    await page.goto("/apps/edit-me?tab=settings");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Edited");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Edited" })).toBeVisible();
    await saveScreenshots(page, testInfo, "app-settings");
    await expectAccessible(page, "The settings of an app");
  },
);

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).ok;
  } catch {
    return false;
  }
}
