import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expectAccessible } from "./support/accessibility.ts";
import { addProgram } from "./support/add-program.ts";
import { startMockModel, type MockModel } from "./support/mock-model.ts";
import { countResizes, expectAtRest } from "./support/page-at-rest.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let model: MockModel;

test.beforeAll(async () => {
  model = await startMockModel();
});

test.afterAll(async () => {
  await model.close();
});

async function addProvider(portos: PortosFixture, id: string, modelId: string, fallback: string | null = null) {
  await portos.call("DELETE", `/api/providers/${id}`);
  const input = {
    type: "api",
    name: `Model ${id}`,
    dialect: "openai-compatible",
    baseUrl: model.url,
    models: [{ id: modelId, tier: "medium", price: { input: 1, output: 2 } }],
    fallbackProvider: fallback,
  };
  const added = await portos.call("POST", "/api/providers", { id, input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  expect((await portos.call("POST", `/api/providers/${id}/enable`)).status).toBe(200);
}

async function removeProviders(portos: PortosFixture): Promise<void> {
  const { body } = await portos.call("GET", "/api/providers");
  for (const { id } of (body as { providers: { id: string }[] }).providers)
    await portos.call("DELETE", `/api/providers/${id}`);
}

test("without a provider the page leads to one; with one, a run answers live", async ({ page, portos }, info) => {
  await removeProviders(portos);
  await page.goto("/agents?new=1");
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText("Add a provider first")).toBeVisible();
  await expect(sheet.getByRole("link", { name: "Add a provider" })).toHaveAttribute("href", "/providers");

  await addProvider(portos, "swift", "swift");
  await page.goto("/agents?new=1");
  await sheet.getByLabel("What is to be done?").fill("Find out why the tests fail.");
  await expect(sheet.getByRole("checkbox", { name: "Model swift" })).toBeChecked();
  await expectAccessible(page, "New run");
  await saveScreenshots(page, info, "run-composer");
  await sheet.getByRole("button", { name: "Start", exact: true }).click();

  await expect(page).toHaveURL(/\/agents\/run-/);
  const transcript = page.getByRole("log", { name: /Transcript of/ });
  await expect(transcript.getByText("Find out why the tests fail.")).toBeVisible();
  await expect(transcript.getByRole("heading", { name: "What I found" })).toBeVisible();
  await expect(transcript.getByText('<script>alert("no")</script>')).toBeVisible();
  await expect(transcript.getByRole("link")).toHaveCount(0);
  await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();
  await expect(page.getByText("1.5k tokens").first()).toBeVisible();
  await expectAccessible(page, "Run");
  await saveScreenshots(page, info, "run");

  if (info.project.name === "phone") {
    await page.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Search in it" }).click();
  }
  await page.getByLabel("Search in this transcript").fill("one line");
  await expect(page.getByRole("search").getByText("1 of 1")).toBeVisible();
  await page.reload();
  await expect(transcript.getByText("All done.")).toBeVisible();

  await page.goto("/agents?tab=runs");
  await expect(page.getByRole("link", { name: "Find out why the tests fail." }).first()).toBeVisible();
  await expectAccessible(page, "Agents");
  await saveScreenshots(page, info, "agents");
});

test(
  "a run that takes long is stopped with one press, or by the budget of its task, and says so",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    await addProvider(portos, "patient", "patient");
    const created = await portos.call("POST", "/api/runs", {
      prompt: { kind: "text", text: "Take your time" },
      choices: [{ providerId: "patient" }],
    });
    const [{ id } = { id: "" }] = (created.body as { runs: { id: string }[] }).runs;
    await page.goto(`/agents/${id}`);
    await expect(page.getByText("Step 3.")).toBeVisible();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await expect(page.getByRole("main").getByText("cancelled").first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Run again" })).toBeVisible();
    await expect(page.getByText("Stopped by this machine").first()).toBeVisible();

    const task = await portos.call("POST", "/api/tasks", {
      title: "Take your time",
      choice: { kind: "provider", providerId: "patient" },
      budget: { minutes: 0.02 },
      needsReview: false,
    });
    expect(task.status, JSON.stringify(task.body)).toBe(200);
    await page.goto(`/agents/tasks/${(task.body as { id: string }).id}`);
    await page.getByRole("button", { name: "Start now" }).click();
    const main = page.getByRole("main");
    await expect(main.getByText("failed").first()).toBeVisible();
    await expect(main.getByText(/Stopped: the budget of 0\.02 minutes of its task is used up/).first()).toBeVisible();
    await expect(main.getByRole("link", { name: "What is left of: Take your time" })).toBeVisible();
    await page.getByRole("button", { name: "Start now" }).click();
    await expect(page.getByText(/Give the task a larger budget/).last()).toBeVisible();
    await main.getByRole("link", { name: /^Model patient/ }).click();
    await expect(main.getByRole("list", { name: "Attempts" }).getByText("budget reached")).toBeVisible();
    await expect(main.getByText(/Stopped: the budget of 0\.02 minutes of its task is used up/).first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Stop", exact: true })).toHaveCount(0);
  },
);

test(
  "when the first provider fails the next one answers, and both stay visible",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    await addProvider(portos, "swift", "swift");
    await addProvider(portos, "broken", "broken", "swift");
    const created = await portos.call("POST", "/api/runs", {
      prompt: { kind: "text", text: "Fall back" },
      choices: [{ providerId: "broken" }],
    });
    const [{ id } = { id: "" }] = (created.body as { runs: { id: string }[] }).runs;
    await countResizes(page);
    await page.goto(`/agents/${id}`);
    const attempts = page.getByRole("list", { name: "Attempts" });
    await expect(attempts.getByRole("listitem")).toHaveCount(2, { timeout: 30_000 });
    await expect(attempts.getByText("failed on its side")).toBeVisible();
    await expect(page.getByText("All done.")).toBeVisible();
    await expectAtRest(page);
    await saveScreenshots(page, info, "run-fallback");
  },
);

test(
  "a picture larger than a request goes along made smaller, and is shown with its run",
  { tag: "@phone" },
  async ({ page, portos }) => {
    await addProvider(portos, "swift", "swift");
    await page.goto("/agents?new=1");
    const noise = await page.evaluate(() => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2_400, 1_200];
      const context = canvas.getContext("2d");
      const pixels = context?.createImageData(canvas.width, canvas.height);
      pixels?.data.forEach((_, index) => (pixels.data[index] = index % 4 === 3 ? 255 : (index * 7_919) ** 2 % 256));
      if (pixels) context?.putImageData(pixels, 0, 0);
      return canvas.toDataURL("image/png").slice("data:image/png;base64,".length);
    });
    const sheet = page.getByRole("dialog");
    await sheet.getByLabel("What is to be done?").fill("What do you see?");
    const buffer = Buffer.from(noise, "base64");
    await sheet.locator('input[type="file"]').setInputFiles({ name: "noise.png", mimeType: "image/png", buffer });
    await expect(sheet.getByRole("img", { name: "noise.png" })).toBeVisible();
    await sheet.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page).toHaveURL(/\/agents\/run-/);
    const shown = page.getByRole("group", { name: "Pictures given along" }).getByRole("img", { name: "noise.png" });
    await expect(shown).toBeVisible();
    const width = () => shown.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0));
    await expect.poll(width).toBeGreaterThan(0);
    expect(await width()).toBeLessThanOrEqual(1_568);
  },
);

test("one prompt on two providers is shown side by side", { tag: "@desktop" }, async ({ page, portos }, info) => {
  await addProvider(portos, "swift", "swift");
  await addProvider(portos, "other", "swift");
  await page.goto("/agents?new=1");
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("What is to be done?").fill("Compare yourselves");
  for (const name of ["Model swift", "Model other"]) await sheet.getByRole("checkbox", { name }).check();
  for (const name of ["Model patient", "Model broken"]) {
    const box = sheet.getByRole("checkbox", { name });
    if ((await box.count()) > 0) await box.uncheck();
  }
  await sheet.getByRole("button", { name: "Start 2 runs" }).click();
  await expect(page).toHaveURL(/\/agents\/compare\?group=group-/);
  const columns = page.getByRole("log");
  await expect(columns).toHaveCount(2);
  await expect(columns.first().getByText("All done.")).toBeVisible();
  await expect(columns.last().getByText("All done.")).toBeAttached();
  await expectAccessible(page, "Compare");
  await saveScreenshots(page, info, "run-compare");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(1);
});

test(
  "an agent's question is answered where it is asked, and it goes on",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const folder = await mkdtemp(join(portos.folder, "project-"));
    await addProgram(portos, "agent", "acp", "custom", "fake-acp-agent.mjs");
    const created = await portos.call("POST", "/api/runs", {
      prompt: { kind: "text", text: "think It needs a list.\nplan\nask list.txt" },
      choices: [{ providerId: "agent" }],
      folder,
    });
    const [{ id } = { id: "" }] = (created.body as { runs: { id: string }[] }).runs;
    await page.goto(`/agents/${id}`);
    const transcript = page.getByRole("log", { name: /Transcript of/ });
    await expect(transcript.getByRole("button", { name: "Reasoning It needs a list." })).toBeVisible();
    await expect(transcript.getByText("1 of 2")).toBeVisible();
    await expect(page.getByRole("main").getByText("waiting for you").first()).toBeVisible();
    await expectAccessible(page, "Run that asks");
    await saveScreenshots(page, info, "run-question");
    await page.getByRole("button", { name: "Allow once" }).click();
    await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();
    await expect(transcript.getByText(/^Allowed/)).toBeVisible();
    expect(await readFile(join(folder, "list.txt"), "utf8")).toBe("new text\n");
  },
);

test(
  "reading further up in a transcript holds still while the run goes on, and one tap leads to its end",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    await addProgram(portos, "talker", "cli", "gemini", "fake-cli.mjs");
    const created = await portos.call("POST", "/api/runs", {
      prompt: { kind: "text", text: "pace 80 20" },
      choices: [{ providerId: "talker" }],
      folder: await mkdtemp(join(portos.folder, "project-")),
    });
    const [{ id } = { id: "" }] = (created.body as { runs: { id: string }[] }).runs;
    await page.goto(`/agents/${id}`);
    const transcript = page.getByRole("log", { name: /Transcript of/ });
    const row = (number: number) => transcript.getByText(new RegExp(`at-\\d{13}-${String(number)}$`));
    await expect(row(80)).toBeInViewport({ timeout: 30_000 });
    await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();

    await transcript.evaluate((element) => {
      element.scrollTo({ top: element.scrollTop / 2 });
    });
    await expect(row(80)).toHaveCount(0);
    // What stands at the top of the window is what is being read.
    const read = await transcript.evaluate((element) => {
      const { top } = element.getBoundingClientRect();
      const rows = [...element.querySelectorAll<HTMLElement>("[data-number]")];
      return rows.find((one) => one.getBoundingClientRect().bottom > top + 1)?.dataset["number"] ?? "";
    });
    // Within the transcript: a second attempt is told in a line above it.
    const top = async () => {
      const line = transcript.locator(`[data-number="${read}"]`);
      return ((await line.boundingBox())?.y ?? Number.NaN) - ((await transcript.boundingBox())?.y ?? Number.NaN);
    };
    const before = await top();
    expect((await portos.call("POST", `/api/runs/${id}/messages`, { text: "pace 40 20" })).status).toBe(200);
    await expect(page.getByRole("button", { name: /^\d+ new parts$/ })).toBeVisible();
    await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);

    await page.getByRole("button", { name: /^\d+ new parts$/ }).click();
    await expect(row(40).last()).toBeInViewport();
    await expect(page.getByRole("button", { name: /new parts?$|^Newest$/ })).toHaveCount(0);
  },
);
