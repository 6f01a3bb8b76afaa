import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

/** Each test begins without prompts, whatever ran before it in this PortOS. */
test.beforeEach(async ({ portos }) => {
  const { body } = await portos.call("GET", "/api/prompts");
  for (const { id } of (body as { prompts: { id: string }[] }).prompts)
    await portos.call("DELETE", `/api/prompts/${id}`);
});

function main(page: Page) {
  return page.getByRole("main");
}

async function create(portos: PortosFixture, title: string, body: string): Promise<string> {
  const reply = await portos.call("POST", "/api/prompts", { input: { title, body } });
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  return (reply.body as { summary: { id: string } }).summary.id;
}

/** On a phone the preview is behind a switch. */
async function showPane(page: Page, name: "Edit" | "Preview", isPhone: boolean): Promise<void> {
  if (isPhone) await page.getByText(name, { exact: true }).click();
}

test("from the empty page over a ready-made prompt to a version, its difference and the way back", async ({
  page,
  portos,
}, info) => {
  const isPhone = info.project.name === "phone";
  await page.goto("/prompts");
  await expect(page.getByText("No prompts yet")).toBeVisible();
  await expectAccessible(page, "Prompts, empty");
  await saveScreenshots(page, info, "prompts-none");
  await page.getByRole("button", { name: "Explain an error" }).click();

  await expect(page).toHaveURL(/\/prompts\/explain-an-error/);
  const save = page.getByRole("button", { name: "Save", exact: true });
  await expect(save).toBeDisabled();
  await showPane(page, "Preview", isPhone);
  const text = page.getByRole("region", { name: "Text of the prompt" });
  await expect(text).toContainText("‹error›");
  await page.getByRole("group", { name: "Values" }).getByLabel("error").fill("TypeError: <b> is not & function");
  await expect(text).toContainText("TypeError: <b> is not & function");
  await expect(page.getByText(/^About \d+ tokens/)).toBeVisible();
  await expectAccessible(page, "Prompt");
  await saveScreenshots(page, info, "prompt-preview");

  await showPane(page, "Edit", isPhone);
  await page.getByRole("button", { name: "Versions" }).click();
  const first = page.getByRole("dialog", { name: /Versions of/ }).getByRole("region", { name: /^Changes of/ });
  await expect(first).toContainText("{{error}}");
  await page.keyboard.press("Escape");
  await page.getByLabel("Text", { exact: true }).fill("Explain {{error}} to {{reader}}.");
  await expect(page.getByText("not saved")).toBeVisible();
  await showPane(page, "Preview", isPhone);
  await page.getByRole("button", { name: "Declare reader" }).click();
  await page.getByRole("group", { name: "Values" }).getByLabel("reader").fill("Ada");
  await expect(text).toHaveText("Explain TypeError: <b> is not & function to Ada.");
  await save.click();
  await expect(page.getByText("Saved as version 2").first()).toBeVisible();
  expect(await readFile(join(portos.dataDir, "prompts/explain-an-error.md"), "utf8")).toContain("{{reader}}");

  await page.getByRole("button", { name: "Versions" }).click();
  const sheet = page.getByRole("dialog", { name: /Versions of/ });
  await expect(sheet.getByRole("region", { name: /^Changes of/ })).toContainText("Explain {{error}} to {{reader}}.");
  await expectAccessible(page, "Versions of a prompt");
  await saveScreenshots(page, info, "prompt-versions");
  await sheet.getByRole("button", { name: "Bring version 1 back" }).click();
  await expect(page.getByText("version 3", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("version 4", { exact: true })).toBeVisible();
});

test(
  "an edit by hand is shown at once, and neither side loses anything",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const id = await create(portos, "Greet", "Say hello.");
    const file = join(portos.dataDir, `prompts/${id}.md`);
    await page.goto(`/prompts/${id}`);
    const field = page.getByLabel("Text", { exact: true });
    await expect(field).toHaveValue("Say hello.");
    await appendFile(file, "By hand.\n");
    await expect(field).toHaveValue("Say hello.\nBy hand.");

    await field.fill("Mine.");
    await appendFile(file, "Twice.\n");
    await expect(page.getByText("Version 3 was made meanwhile: edited by hand.")).toBeVisible();
    await expect(page.getByRole("button", { name: "Save", exact: true })).toBeDisabled();
    await expectAccessible(page, "A prompt changed meanwhile");
    await saveScreenshots(page, info, "prompt-conflict");
    await page.getByRole("button", { name: "Save mine as version 4" }).click();
    await expect(page.getByText("version 4", { exact: true })).toBeVisible();
    expect(await readFile(file, "utf8")).toContain("Mine.");
    expect(await readFile(join(portos.dataDir, `prompts/.versions/${id}/3.md`), "utf8")).toContain("Twice.");

    await writeFile(file, "---\ntitle: [\n---\nBroken");
    await expect(page.getByText(/cannot be read: Line 3/)).toBeVisible();
    expect(await readFile(file, "utf8")).toContain("Broken");
  },
);

test(
  "what is not saved stays while one looks elsewhere; deleting can be undone",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    const id = await create(portos, "Greet", "Say hello.");
    await page.goto(`/prompts/${id}`);
    await page.getByLabel("Text", { exact: true }).fill("Half done");
    await page.goto("/prompts");
    await main(page).getByRole("link", { name: "Greet" }).click();
    await expect(page.getByLabel("Text", { exact: true })).toHaveValue("Say hello."); // a new page begins anew
    await page.getByLabel("Text", { exact: true }).fill("Half done again");
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Where to, or what to do?").fill("go to prompts");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/prompts$/);
    await main(page).getByRole("link", { name: "Greet" }).click();
    await expect(page.getByLabel("Text", { exact: true })).toHaveValue("Half done again");

    await page.getByRole("button", { name: "Actions for Greet" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await expect(page.getByText("No prompts yet")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(main(page).getByRole("link", { name: "Greet" })).toBeVisible();
  },
);

test(
  "an import asks what to do with a prompt that is here already",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const id = await create(portos, "Greet", "Say hello.");
    await page.goto("/prompts");
    const files = [
      { name: `${id}.md`, mimeType: "text/markdown", buffer: Buffer.from("Say goodbye.\n") },
      { name: "new-one.md", mimeType: "text/markdown", buffer: Buffer.from("# Something new\n") },
    ];
    await page.locator('input[type="file"]').setInputFiles(files);
    const sheet = page.getByRole("dialog", { name: "Some are here already" });
    await expect(sheet).toBeVisible();
    await expectAccessible(page, "Import with a conflict");
    await saveScreenshots(page, info, "prompts-import");
    await sheet.getByRole("button", { name: "As another prompt" }).click();
    await sheet.getByRole("button", { name: "Import" }).click();
    await expect(sheet).toBeHidden();
    await expect(main(page).getByRole("link", { name: "Something new" })).toBeVisible();
    await expect(main(page).getByRole("row")).toHaveCount(4); // with the heading
  },
);
