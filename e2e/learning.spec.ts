import { expectAccessible } from "./support/accessibility.ts";
import { type MockModel, startMockModel } from "./support/mock-model.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let model: MockModel;

test.beforeAll(async () => {
  model = await startMockModel();
});
test.afterAll(async () => {
  await model.close();
});
test.beforeEach(async ({ portos }) => {
  await portos.call("POST", "/api/learning/reset", { type: null });
  const { body } = await portos.call("GET", "/api/providers");
  for (const { id } of (body as { providers: { id: string }[] }).providers)
    await portos.call("DELETE", `/api/providers/${id}`);
});

async function add(portos: PortosFixture, id: string, name: string, models: string[]): Promise<void> {
  const tiers = ["light", "heavy"];
  const input = {
    type: "api",
    name,
    dialect: "openai-compatible",
    baseUrl: model.url,
    models: models.map((each, at) => ({ id: each, tier: tiers[at], price: { input: 100, output: 200 } })),
  };
  expect((await portos.call("POST", "/api/providers", { id, input })).status).toBe(200);
  expect((await portos.call("POST", `/api/providers/${id}/enable`)).status).toBe(200);
}

async function runsOf(portos: PortosFixture): Promise<number> {
  const { body } = await portos.call("GET", "/api/learning?type=fix");
  return (body as { runs: number }[]).reduce((sum, { runs }) => sum + runs, 0);
}

test(
  "what runs teach is seen, overruled and forgotten, each with a way back",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    test.setTimeout(120_000);
    await page.goto("/agents?tab=chief&kind=fix");
    await expect(page.getByText("Nobody to choose from yet")).toBeVisible();

    await add(portos, "swift", "Swift", ["swift", "patient-and-thorough-with-a-long-name"]);
    await add(portos, "other", "Other", ["swift"]);
    for (let at = 0; at < 3; at += 1) {
      const { status } = await portos.call("POST", "/api/runs", {
        prompt: { kind: "text", text: "Mend the test" },
        choices: [{ providerId: "swift", model: "swift" }],
        taskType: "fix",
      });
      expect(status).toBe(200);
    }
    await expect.poll(() => runsOf(portos), { timeout: 30_000 }).toBe(3);

    await page.reload();
    const section = page.getByRole("region", { name: "What it has learned" });
    const row = section.getByRole("listitem").filter({ hasText: "Other" });
    await expect(section.getByText("From 3 runs of this kind.")).toBeVisible();
    await expect(section.getByText(/^3 runs, usually \$/)).toBeVisible();
    await expect(section.getByRole("img", { name: "Swift, swift: 80 % good, between 47 % and 99 %" })).toBeVisible();
    await expect(row.getByText(/^[1-9]\d? of 100$/)).toBeVisible();
    await expectAccessible(page, "What was learned");
    await saveScreenshots(page, info, "learning");

    await row.getByText("Never", { exact: true }).click();
    await expect(row.getByText("0 of 100", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(row.getByText(/^[1-9]\d? of 100$/)).toBeVisible();

    await section.getByRole("button", { name: "As a table" }).click();
    await expect(section.getByRole("table", { name: "What is believed" })).toBeVisible();
    await expectAccessible(page, "What was learned, as a table");
    await section.getByRole("button", { name: "As a chart" }).click();

    await section.getByRole("button", { name: "Forget all about fix" }).click();
    await expect(section.getByText(/^No fix was done yet/)).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).last().click();
    await expect(section.getByText("From 3 runs of this kind.")).toBeVisible();

    await page.goto("/providers?tab=usage&by=taskTypes");
    await expect(page.getByRole("table", { name: "Usage in parts" }).getByText("fix", { exact: true })).toBeVisible();
    await expectAccessible(page, "Usage by kind of work");
  },
);
