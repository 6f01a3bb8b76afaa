import { expectAccessible } from "./support/accessibility.ts";
import { type MockModel, startMockModel } from "./support/mock-model.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

const key = "sk-e2e-0123456789abcdefghij";
let model: MockModel;

test.beforeAll(async () => {
  model = await startMockModel();
});
test.afterAll(async () => {
  await model.close();
});

/** Each test begins without providers, whatever ran before it in this PortOS. */
test.beforeEach(async ({ portos }) => {
  const { body } = await portos.call("GET", "/api/providers");
  for (const { id } of (body as { providers: { id: string }[] }).providers)
    await portos.call("DELETE", `/api/providers/${id}`);
});

async function add(portos: PortosFixture, id: string, changes: object = {}): Promise<void> {
  const input = {
    type: "api",
    name: `Model ${id}`,
    dialect: "openai-compatible",
    baseUrl: model.url,
    models: [
      { id: "swift", tier: "light", price: { input: 1, output: 2 } },
      { id: "patient", tier: "heavy" },
    ],
    ...changes,
  };
  const { status, body } = await portos.call("POST", "/api/providers", { id, input });
  expect(status, JSON.stringify(body)).toBe(200);
}

test(
  "from the empty page to a provider that answers, its key kept, never shown",
  { tag: "@desktop" },
  async ({ page }, info) => {
    test.setTimeout(180_000); // five pages, each looked at in both themes
    await page.goto("/providers");
    const main = page.getByRole("main");
    await expect(main.getByText("No AI is set up yet")).toBeVisible();
    await saveScreenshots(page, info, "providers-none");
    await expectAccessible(page, "Providers, empty");

    await main.getByRole("button", { name: "Add a provider" }).click();
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByRole("button", { name: "Add LM Studio" })).toBeVisible();
    await saveScreenshots(page, info, "providers-presets");
    await expectAccessible(page, "Ready-made providers");
    await sheet.getByRole("button", { name: "Add OpenAI-compatible server" }).click();

    await sheet.getByLabel("Name").fill("Swift model");
    await sheet.getByLabel("Address").fill("not an address");
    await sheet.getByRole("button", { name: "Save, turned off" }).click();
    await expect(sheet.getByText("must be an http or https address", { exact: true })).toBeVisible();
    await sheet.getByLabel("Address").fill(model.url);
    await sheet.getByLabel("API key").first().fill(key);
    await sheet.getByRole("button", { name: "Add a model" }).click();
    await sheet.getByLabel("Model", { exact: true }).fill("swift");
    await sheet.getByLabel("Tier of swift").selectOption("light");
    await sheet.getByLabel(/Price of input of swift/).fill("1.5");
    await sheet.getByLabel(/Price of output of swift/).fill("3");
    await saveScreenshots(page, info, "providers-editor");
    await expectAccessible(page, "Provider editor");
    await sheet.getByRole("button", { name: "Save, turned off" }).click();

    const toggle = main.getByRole("switch", { name: "Swift model is on" });
    await expect(toggle).not.toBeChecked();
    await toggle.locator("xpath=..").click(); // the track is what one sees and presses
    await expect(toggle).toBeChecked();
    await expect(main.getByText("answers", { exact: true })).toBeVisible();
    await saveScreenshots(page, info, "providers-one");
    await expectAccessible(page, "Providers");

    await main.getByRole("button", { name: "Swift model", exact: true }).click();
    await expect(sheet.getByLabel("API key").first()).toHaveAttribute("placeholder", "unchanged, ends in ghij");
    await expect(sheet.getByLabel(/Price of input of swift/)).toHaveValue("1.5");
    await sheet.getByLabel("Name").fill("Renamed model");
    await sheet.getByRole("button", { name: "Save", exact: true }).click();
    await expect(main.getByRole("button", { name: "Renamed model", exact: true })).toBeVisible();
    expect(await page.content()).not.toContain(key);
  },
);

test(
  "a chain is shown by tier and checked with one click; deleting is undone",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    await add(portos, "last");
    await add(portos, "gone", { name: "Gone", baseUrl: "http://127.0.0.1:9/v1", fallbackProvider: "last" });
    await add(portos, "first", { name: "First", fallbackProvider: "gone", tierFallbacks: { light: "last" } });
    for (const id of ["first", "gone"]) await portos.call("POST", `/api/providers/${id}/enable`);
    await page.goto("/providers");
    const main = page.getByRole("main");
    await expect(main.getByText("No answer: nothing listens there").first()).toBeVisible();
    const chain = main.getByRole("listitem", { name: "Chain of First" });
    await expect(chain.getByRole("list", { name: "Asked in this order" }).getByRole("listitem")).toHaveCount(3);
    await chain.getByRole("button", { name: "Test" }).click();
    await expect(chain.getByText("First would answer now.")).toBeVisible();
    await expectAccessible(page, "Providers with a chain");
    await saveScreenshots(page, info, "providers-three");

    await main.getByRole("button", { name: /^Fallbacks of First/ }).click();
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByRole("listitem")).toHaveCount(3);
    await expect(sheet.getByText("Would be left out: Off")).toBeVisible();
    await sheet.getByText("light", { exact: true }).click();
    await expect(sheet.getByRole("listitem")).toHaveCount(2);
    await sheet.getByText("heavy", { exact: true }).click();
    await sheet.getByRole("button", { name: "Test" }).click();
    await expect(sheet.getByText("does not answer")).toBeVisible();
    await saveScreenshots(page, info, "providers-chain");
    await expectAccessible(page, "Fallback chain");
    await page.keyboard.press("Escape");

    await main.getByRole("button", { name: "Actions for Gone" }).click();
    await page
      .getByRole("menuitem", { name: "Delete" })
      .or(page.getByRole("button", { name: "Delete" }))
      .first()
      .click();
    await expect(main.getByRole("button", { name: "Gone", exact: true })).toHaveCount(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(main.getByRole("button", { name: "Gone", exact: true })).toBeVisible();
  },
);

test("a loop of fallbacks is refused at its field", { tag: "@desktop" }, async ({ page, portos }) => {
  await add(portos, "a");
  await add(portos, "b", { fallbackProvider: "a" });
  await page.goto("/providers?edit=a");
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Ask next").selectOption("b");
  await sheet.getByRole("button", { name: "Save", exact: true }).click();
  await expect(
    sheet.getByText("must not lead back to itself: Model a → Model b → Model a", { exact: true }),
  ).toBeVisible();
});

test("usage begins empty and keeps its budget", { tag: "@desktop" }, async ({ page, portos }, info) => {
  await page.goto("/providers?tab=usage");
  const main = page.getByRole("main");
  await main.getByRole("textbox", { name: "Dollars" }).fill("2.50");
  await main.getByRole("button", { name: "Save the budget" }).click();
  await expect(page.getByText("The daily budget is saved")).toBeVisible();
  expect((await portos.call("GET", "/api/usage/budget")).body).toMatchObject({
    budget: { costUsd: 2.5, tokens: null },
  });
  await saveScreenshots(page, info, "providers-usage");
  await expectAccessible(page, "Usage");
  await portos.call("PUT", "/api/usage/budget", {});
});
