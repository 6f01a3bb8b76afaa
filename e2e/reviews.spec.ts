import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { TestInfo } from "@playwright/test";

import { git } from "../lib/processes/git-command.ts";
import { commitAll, makeRepository, writeFiles } from "../lib/testing/git-repository.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { startMockModel, type MockModel } from "./support/mock-model.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";
import { expectTouchable } from "./support/touch.ts";

let model: MockModel;

test.beforeAll(async () => {
  model = await startMockModel();
});

test.afterAll(async () => {
  await model.close();
});

interface RunReply {
  id: string;
  state: string;
  worktree: { folder: string; branch: string } | null;
}

const greeting = `import { names } from "./names.ts";

/** Greets everybody once. */
export function greet(who: string): string {
  return "Hello " + who;
}

export function greetAll(): string[] {
  const greetings: string[] = [];
  for (const name of names) {
    greetings.push(greet(name));
  }
  return greetings;
}
`;

async function addProvider(portos: PortosFixture): Promise<void> {
  const input = {
    type: "api",
    name: "Model swift",
    dialect: "openai-compatible",
    baseUrl: model.url,
    models: [{ id: "swift", tier: "medium" }],
  };
  await portos.call("DELETE", "/api/providers/swift");
  expect((await portos.call("POST", "/api/providers", { id: "swift", input })).status).toBe(200);
  expect((await portos.call("POST", "/api/providers/swift/enable")).status).toBe(200);
}

async function ended(portos: PortosFixture, id: string): Promise<RunReply> {
  let run: RunReply | undefined;
  await expect
    .poll(async () => {
      run = (await portos.call("GET", `/api/runs/${id}`)).body as RunReply;
      return run.state;
    })
    .toBe("succeeded");
  if (!run) throw new Error("There is no run");
  return run;
}

/** A run in a worktree of an app, in which some files are then changed as an agent would, before it says its last word. */
async function doWork(portos: PortosFixture, info: TestInfo, title: string) {
  const name = `${title.replaceAll(" ", "-").toLowerCase()}-${info.project.name}-${info.retry}`;
  const repository = await makeRepository(join(portos.folder, name), {
    "src/greet.ts": greeting,
    "src/names.ts": 'export const names = ["Ada", "Grace"];\n',
    "readme.md": "# Greetings\n\nSays hello.\n",
  });
  await addProvider(portos);
  const added = await portos.call("POST", "/api/apps", { name, folder: repository, processes: [] });
  const appId = (added.body as { id: string }).id;
  const setup = {
    checks: [
      { name: "Tests", command: "echo all good" },
      { name: "Lint", command: "exit 3" },
    ],
  };
  expect((await portos.call("PUT", `/api/apps/${appId}/worktree-setup`, setup)).status).toBe(200);
  const created = await portos.call("POST", "/api/runs", {
    title,
    prompt: { kind: "text", text: title },
    choices: [{ providerId: "swift" }],
    appId,
    isolation: { kind: "worktree" },
  });
  expect(created.status, JSON.stringify(created.body)).toBe(200);
  const [{ id } = { id: "" }] = (created.body as { runs: RunReply[] }).runs;
  const { worktree } = await ended(portos, id);
  if (!worktree) throw new Error("The run has no worktree");
  await writeFiles(worktree.folder, {
    "src/greet.ts": greeting
      .replace('"Hello " + who', "`Hello, ${who}!`")
      .replace("  const greetings: string[] = [];\n", "")
      .replace(/ {2}for[^]*return greetings;/, "  return names.map((name) => greet(name));"),
    "src/farewell.ts": 'export function leave(who: string): string {\n  return "Bye " + who;\n}\n',
  });
  await portos.call("POST", `/api/runs/${id}/messages`, { text: "Done?" });
  await expect.poll(async () => (await portos.call("GET", `/api/reviews/${id}`)).status, { timeout: 20_000 }).toBe(200);
  await ended(portos, id);
  return { id, repository, folder: worktree.folder };
}

test("work is looked at, commented on, sent back, checked, merged and unmerged", async ({ page, portos }, info) => {
  test.setTimeout(120_000);
  const { id, repository, folder } = await doWork(portos, info, "Greet politely");
  const isPhone = info.project.name === "phone";

  await page.goto("/agents?tab=reviews");
  await expect(page.getByRole("link", { name: "Greet politely" }).first()).toBeVisible();
  await expectAccessible(page, "Reviews");
  await saveScreenshots(page, info, "reviews");

  await page.goto(`/agents/${id}`);
  await page.getByRole("link", { name: /Review changes/ }).click();
  await expect(page).toHaveURL(/\/review$/);
  const main = page.getByRole("main");
  await main
    .getByRole("button", { name: /greet\.ts/ })
    .first()
    .click();
  const change = main.getByRole("region", { name: "src/greet.ts" });
  await expect(change.getByText("`Hello, ${who}!`")).toBeVisible();
  await expect(change.locator('[data-syntax="keyword"]').first()).toBeVisible();
  await expect(main.getByText("Merges cleanly into")).toBeVisible();
  await expectAccessible(page, "Review");
  await saveScreenshots(page, info, "review");

  if (isPhone) {
    // A finger meets a line near the one that is meant, and goes on from there.
    await change.getByText("greet(name)").first().tap();
    const comment = change.getByRole("button", { name: /^Comment on line/ });
    await expect(comment).toBeVisible();
    const met = Number((await comment.textContent())?.match(/\d+/)?.[0]);
    await change.getByRole("button", { name: "Line before" }).tap();
    await expect(comment).toHaveText(`Comment on line ${String(met - 1)}`);
    await expectTouchable(change.getByRole("button", { name: /^Line (before|after)$/ }));
    await change.getByText("`Hello, ${who}!`").tap();
    await change.getByRole("button", { name: "Comment on line 5" }).click();
  } else {
    await page.keyboard.press("j");
    await expect(change.getByRole("button", { name: "Line 5, removed, comment on it" })).toBeFocused();
    await change.getByRole("button", { name: "Line 5, added, comment on it" }).focus();
    await page.keyboard.press("c");
  }
  await page.getByLabel("Comment on line 5").fill("Keep the plus, please.");
  await saveScreenshots(page, info, "review-comment");
  await page.getByRole("button", { name: "Add comment" }).click();
  await expect(change.getByText("not sent yet")).toBeVisible();
  const send = page.getByRole("button", { name: "Send 1 comment to the agent" });
  const words = send.getByText("Send 1 comment to the agent");
  expect(await words.evaluate((label) => label.scrollWidth <= label.clientWidth)).toBe(true);
  await send.click();
  await expect(change.getByText("sent to the agent")).toBeVisible();
  await ended(portos, id);
  const { body } = await portos.call("GET", `/api/runs/${id}/events?limit=200`);
  expect(JSON.stringify(body)).toContain("src/greet.ts:5");

  await expect(main.getByText("Merges cleanly into")).toBeVisible({ timeout: 15_000 });
  await change.getByRole("button", { name: "Accept", exact: true }).first().click();
  await expect(main.getByText("1 of 2 files accepted")).toBeVisible();

  await page.getByRole("button", { name: "Run", exact: true }).click();
  const checks = page.getByRole("region", { name: "Checks" });
  await expect(checks.getByText("succeeded")).toBeVisible({ timeout: 20_000 });
  await expect(checks.getByText("failed")).toBeVisible({ timeout: 20_000 });
  await writeFile(join(folder, "src/farewell.ts"), "export const bye = true;\n");
  await page.reload();
  await expect(checks.getByText("stale").first()).toBeVisible();
  await saveScreenshots(page, info, "review-checks");

  await page.getByRole("button", { name: "Merge…" }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByLabel("Message")).toHaveValue("Greet politely");
  await expect(sheet.getByText("Failed: Lint.")).toBeVisible();
  await expectAccessible(page, "Merge");
  await saveScreenshots(page, info, "review-merge");
  await sheet.getByRole("button", { name: "Merge", exact: true }).click();
  await expect(main.getByText("Merged into main")).toBeVisible();
  expect(await readFile(join(repository, "src/farewell.ts"), "utf8")).toBe("export const bye = true;\n");
  expect(await git(repository, ["log", "-1", "--format=%s"])).toBe("Greet politely\n");
  await saveScreenshots(page, info, "review-merged");

  await main.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(main.getByText("Merges cleanly into")).toBeVisible();
  expect(await git(repository, ["status", "--porcelain"])).toBe("");
  expect(await git(repository, ["log", "-1", "--format=%s"])).toBe("first\n");
});

test(
  "a change is reverted and brought back, a conflict is told, discarded work comes back",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const { id, repository, folder } = await doWork(portos, info, "Say goodbye");
    await page.goto(`/agents/${id}/review?file=${encodeURIComponent("src/greet.ts")}`);
    const main = page.getByRole("main");
    const change = main.getByRole("region", { name: "src/greet.ts" });
    await change.getByRole("button", { name: "Revert", exact: true }).click();
    await expect(page.getByText("Reverted src/greet.ts")).toBeVisible();
    expect(await readFile(join(folder, "src/greet.ts"), "utf8")).toBe(greeting);
    await page.getByRole("button", { name: "Undo", exact: true }).first().click();
    await expect.poll(() => readFile(join(folder, "src/greet.ts"), "utf8")).toContain("`Hello, ${who}!`");

    await writeFile(join(repository, "src/greet.ts"), greeting.replace('"Hello "', '"Hi "'));
    await commitAll(repository, "Say hi");
    await page.reload();
    await expect(main.getByText("One file conflicts with the base branch.")).toBeVisible();
    await expect(page.getByRole("button", { name: "Ask the agent to bring it up to date" })).toBeEnabled();
    await saveScreenshots(page, info, "review-conflict");

    await page.getByRole("button", { name: "More decisions" }).click();
    await page.getByRole("menuitem", { name: "Discard the work" }).click();
    await expect(main.getByText("Discarded", { exact: true })).toBeVisible();
    await expectAccessible(page, "Decided review");
    await main.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(main.getByText("One file conflicts with the base branch.")).toBeVisible();
    await expect.poll(() => readFile(join(folder, "src/farewell.ts"), "utf8")).toContain("Bye");
  },
);

test("a run that changed nothing has nothing to review", { tag: "@desktop" }, async ({ page }) => {
  await page.goto("/agents/run-000000000000/review");
  await expect(page.getByText("There is nothing to review")).toBeVisible();
  await page.goto("/agents?tab=reviews");
  await expect(page.getByRole("navigation", { name: "Sections of this page" })).toBeVisible();
});
