import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import type { Approval } from "../contract/features/approvals.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

const agentFile = join(import.meta.dirname, "../cos/agents/testing/fake-acp-agent.mjs");
let folder: string;

test.beforeEach(async ({ portos }) => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "portos-asked-")));
  await portos.call("DELETE", "/api/providers/asker");
  const input = { type: "acp", name: "Asker", agent: "custom", command: [process.execPath, agentFile], models: [] };
  const added = await portos.call("POST", "/api/providers", { id: "asker", input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  await portos.call("POST", "/api/providers/asker/enable");
});

test.afterEach(async ({ portos }) => {
  await portos.call("POST", "/api/approvals/deny-all");
  const { body } = await portos.call("GET", "/api/approval-rules");
  for (const { id } of body as { id: string }[]) await portos.call("DELETE", `/api/approval-rules/${id}`);
  await rm(folder, { recursive: true, force: true });
});

/** A run that asks to write these files, one after the other. */
function ask(portos: PortosFixture, ...files: string[]): Promise<string> {
  return run(
    portos,
    files.map((file) => `ask ${file}`),
  );
}

async function run(portos: PortosFixture, lines: readonly string[]): Promise<string> {
  const { body, status } = await portos.call("POST", "/api/runs", {
    title: "Write the notes",
    prompt: { kind: "text", text: lines.join("\n") },
    choices: [{ providerId: "asker" }],
    folder,
    permissionMode: "ask",
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as { runs: { id: string }[] }).runs[0]?.id ?? "";
}

async function pending(portos: PortosFixture): Promise<Approval> {
  let found: Approval | undefined;
  await expect
    .poll(
      async () => {
        found = ((await portos.call("GET", "/api/approvals")).body as { pending: Approval[] }).pending[0];
        return found?.id;
      },
      { timeout: 20_000 },
    )
    .toBeTruthy();
  if (!found) throw new Error("Nothing is asked");
  return found;
}

test(
  "what is asked at the desk is allowed on a phone; the desk learns who did it",
  { tag: "@desktop" },
  async ({ page, portos, browser }, info) => {
    const runId = await ask(portos, "notes.md");
    await page.goto(`/agents/${runId}`);
    const question = page.getByRole("group", { name: /Question: Edit/ });
    await expect(question).toBeVisible({ timeout: 20_000 });
    await expect(question.getByText("new text")).toBeVisible();
    await expect(question.getByText(/min left/)).toBeVisible();
    const { id } = await pending(portos);

    const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, baseURL: portos.url });
    const answerPage = await phone.newPage();
    const complaints: string[] = [];
    answerPage.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await answerPage.goto(`/a/${id}`);
    await expect(answerPage.getByRole("heading", { level: 1 })).toHaveText("Edit notes.md");
    await answerPage.getByText(basename(folder), { exact: true }).click();
    await expect(answerPage.getByText(folder, { exact: true })).toBeVisible();
    await expect(answerPage.getByText("+new text")).toBeVisible();
    await expect(answerPage.getByText(/min left/)).toBeVisible();
    await expectAccessible(answerPage, "Question on its own page");
    await saveScreenshots(answerPage, info, "answer-page");
    expect(
      await answerPage.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(1);
    await answerPage.getByRole("button", { name: "Allow once" }).click();
    await expect(answerPage.getByText("Allowed", { exact: true })).toBeVisible();
    await expect(answerPage.getByText(/by this machine on Chrome on/)).toBeVisible();
    await saveScreenshots(answerPage, info, "answer-page-settled");
    expect(complaints).toEqual([]);
    await phone.close();

    await expect(question).toBeHidden();
    await expect(page.getByText(/this machine on Chrome on/).first()).toBeVisible();
    await expect.poll(() => readFile(join(folder, "notes.md"), "utf8").catch(() => "")).toBe("new text\n");
  },
);

test("a question is settled on Home, denied with a reason", async ({ page, portos }, info) => {
  await ask(portos, "notes.md");
  await pending(portos);
  await page.goto("/");
  const question = page.getByRole("group", { name: /Question: Edit/ });
  await expect(question).toBeVisible();
  await saveScreenshots(page, info, "home-question");
  await question.getByRole("button", { name: "Deny with a reason" }).click();
  await question.getByLabel("Why not? Whoever asked is told.").fill("Not now");
  await question.getByRole("button", { name: "Deny and say so" }).click();
  await expect(question).toBeHidden();
  expect(await readdir(folder)).toEqual([]);
  await page.goto("/approvals?tab=history");
  await page
    .getByRole("button", { name: /Edit .*notes\.md/ })
    .first()
    .click();
  await expect(page.getByRole("dialog").getByText("Not now")).toBeVisible();
  await expectAccessible(page, "A settled question");
  await saveScreenshots(page, info, "approval-details");
});

test(
  "allowing more in this run answers the next question by a rule, which is listed",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const id = await run(portos, ["ask one.md", "ask two.md", "wait"]);
    await page.goto("/agents");
    await page.getByRole("main").getByRole("link", { name: "Approvals, 1 question waiting" }).click();
    const question = page.getByRole("group", { name: /Question: Edit .*one\.md/ });
    await expect(question).toBeVisible({ timeout: 20_000 });
    await expectAccessible(page, "Approvals");
    await saveScreenshots(page, info, "approvals-waiting");
    // Rules that are looked at meanwhile follow by themselves.
    const rules = await page.context().newPage();
    await rules.goto("/approvals?tab=rules");
    await expect(rules.getByText("Everything is asked")).toBeVisible();
    await question.getByRole("button", { name: "Allow for this run" }).click();
    await expect
      .poll(() => readFile(join(folder, "two.md"), "utf8").catch(() => ""), { timeout: 15_000 })
      .toBe("new text\n");
    const rule = rules.getByRole("article", { name: "Editing files in Write the notes" });
    await expect(rule.getByText("Used 1 time")).toBeVisible();
    await rule.getByRole("button", { name: "Delete" }).click();
    await expect(rule).toBeHidden();
    await rules.getByRole("button", { name: "Undo" }).click();
    await expect(rule).toBeVisible();
    await portos.call("POST", `/api/runs/${id}/stop`);
    await expect(rules.getByText("Everything is asked")).toBeVisible();
  },
);

test("a rule says beforehand what it would have answered", async ({ page, portos }, info) => {
  await ask(portos, "notes.md");
  const { id, hash } = await pending(portos);
  await portos.call("POST", `/api/approvals/${id}/decision`, { hash, answer: "deny" });
  await page.goto("/approvals?tab=rules&edit=new");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Name" }).fill("Edits here");
  await sheet.getByRole("textbox", { name: "Folder" }).fill(folder);
  await sheet.getByPlaceholder("Any kind").click();
  await page.getByRole("option", { name: "Edit files" }).click();
  // A list that is being placed makes no phone widen the page.
  expect(await page.evaluate(() => innerWidth)).toBe(page.viewportSize()?.width);
  await expect(sheet.getByText(/Would have matched 1 of the last \d+/)).toBeVisible();
  await expect(sheet.getByText(/You answered 1 of them the other way/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expectAccessible(page, "Rule editor");
  await saveScreenshots(page, info, "rule-editor");
});

test(
  "the page of a question opens without a network, and weighs no more than 25 kB",
  { tag: "@phone" },
  async ({ page, portos }) => {
    await ask(portos, "notes.md");
    const { id } = await pending(portos);
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    let bytes = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.goto(`/a/${id}`);
    await expect(page.getByRole("button", { name: "Allow once" })).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(bytes).toBeGreaterThan(2_000);
    expect(bytes).toBeLessThan(25_000);
    await page.context().setOffline(true);
    await expect(page.getByText(/Offline, as of/)).toBeVisible({ timeout: 15_000 });
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("Nothing was answered");
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    await expect(page.getByText("Denied", { exact: true })).toBeVisible();
  },
);
