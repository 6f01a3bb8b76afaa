import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeRepository } from "../lib/testing/git-repository.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

interface Listed {
  worktrees: { runId: string; folder: string; branch: string; keptBecause: string | null }[];
}

/** An app with a repository, and a program that leaves a file behind. */
async function prepare(portos: PortosFixture, name: string): Promise<{ folder: string; appId: string }> {
  const folder = await makeRepository(await realpath(await mkdtemp(join(tmpdir(), "portos-e2e-"))));
  const run = { kind: "command", command: ["/bin/sh", "-c", "sleep 1"] };
  const made = await portos.call("POST", "/api/apps", { name, folder, processes: [{ name: "web", run }] });
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
  const { providers } = (await portos.call("GET", "/api/providers")).body as { providers: { id: string }[] };
  for (const { id } of providers) await portos.call("DELETE", `/api/providers/${id}`); // those of other tests
  const command = ["/bin/sh", "-c", "echo two > new.txt; echo done"];
  const input = { type: "cli", name: "Writer", agent: "custom", command };
  const added = await portos.call("POST", "/api/providers", { id: "writer", input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  expect((await portos.call("POST", "/api/providers/writer/enable")).status).toBe(200);
  return { folder, appId: (made.body as { id: string }).id };
}

async function listed(portos: PortosFixture): Promise<Listed["worktrees"]> {
  return ((await portos.call("GET", "/api/worktrees")).body as Listed).worktrees;
}

test(
  "a run works in a worktree, which stays while it holds the only copy and goes when it does not",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const name = `Blog ${info.project.name}`;
    const { folder, appId } = await prepare(portos, name);
    await page.goto(`/agents?new=1&app=${appId}`);
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByRole("radio", { name: /^In a worktree/ })).toBeChecked();
    await sheet.getByLabel("What is to be done?").fill("Leave a file behind.");
    await expect(sheet.getByRole("checkbox", { name: "Writer" })).toBeChecked();
    await expectAccessible(page, "New run with a worktree");
    await saveScreenshots(page, info, "worktree-composer");
    await sheet.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page).toHaveURL(/\/agents\/run-/);
    await expect(page.getByText(/^portos\/leave-a-file-behind-/).first()).toBeVisible();
    await expect(page.getByRole("link", { name: "Terminal there" })).toBeVisible();
    await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();
    await saveScreenshots(page, info, "worktree-run");

    const runId = new URL(page.url()).pathname.split("/").at(-1);
    const own = async () => (await listed(portos)).find((one) => one.runId === runId);
    const worktree = await own();
    expect(await readFile(join(worktree?.folder ?? "", "new.txt"), "utf8")).toBe("two\n");
    await expect(readFile(join(folder, "new.txt"))).rejects.toThrow();

    await page.goto("/agents?tab=worktrees");
    const row = page.getByRole("row", { name: /Leave a file behind/ });
    await expect(row.getByText("It has changes that are in no commit.")).toBeVisible();
    await expect(row.getByRole("button", { name: /^Remove/ })).toHaveCount(0);
    await expectAccessible(page, "Worktrees");
    await saveScreenshots(page, info, "worktrees");

    await rm(join(worktree?.folder ?? "", "new.txt"));
    // It is looked at again when somebody asks.
    await expect.poll(async () => (await own())?.keptBecause, { timeout: 30_000, intervals: [2_000] }).toBeNull();
    await row.getByRole("button", { name: /^Remove/ }).click();
    await expect(row).toHaveCount(0);
    expect(await own()).toBeUndefined();
  },
);

test("an app says what its worktrees need", { tag: "@desktop" }, async ({ page, portos }, info) => {
  const { appId } = await prepare(portos, `Shop ${info.project.name}`);
  await page.goto(`/apps/${appId}?tab=worktrees`);
  await page.getByLabel("Set-up command").fill("npm ci");
  await page.getByLabel("Files to copy").fill(".env\n../secret");
  await page.getByRole("button", { name: "Add a check" }).click();
  await page.getByLabel("Name of check 1").fill("Tests");
  await page.getByLabel("Command of check 1").fill("npm test");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("must be a path within the folder", { exact: true })).toBeVisible();
  await page.getByLabel("Files to copy").fill(".env");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved how agents work on it")).toBeVisible();
  await expectAccessible(page, "Set-up of worktrees");
  await saveScreenshots(page, info, "worktree-setup");
  await page.reload();
  await expect(page.getByLabel("Set-up command")).toHaveValue("npm ci");
  await expect(page.getByLabel("Command of check 1")).toHaveValue("npm test");
});
