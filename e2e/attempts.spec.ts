import { addModel } from "./support/add-model.ts";
import { startMockModel, type MockModel } from "./support/mock-model.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

let model: MockModel;

test.beforeAll(async () => {
  model = await startMockModel();
});

test.afterAll(async () => {
  await model.close();
});

test("a further attempt leaves the transcript where it was", async ({ page, portos }, info) => {
  await addModel(portos, model, "swift");
  await addModel(portos, model, "broken", "swift");
  await addModel(portos, model, "late", "broken");
  const created = await portos.call("POST", "/api/runs", {
    prompt: { kind: "text", text: "Fall back twice" },
    choices: [{ providerId: "late", fallbacks: ["broken", "swift"] }],
  });
  const [{ id } = { id: "" }] = (created.body as { runs: { id: string }[] }).runs;
  await page.goto(`/agents/${id}`);
  const attempts = page.getByRole("list", { name: "Attempts" });
  const transcript = page.getByRole("log", { name: /Transcript of/ });
  await expect(attempts.getByRole("listitem")).toHaveCount(1);
  await expect(attempts.getByText("Model late")).toBeVisible();
  const top = async () => (await transcript.boundingBox())?.y ?? Number.NaN;
  const before = await top();
  await saveScreenshots(page, info, "run-one-attempt");

  await expect(attempts.getByRole("listitem")).toHaveCount(3, { timeout: 40_000 });
  await expect(page.getByRole("main").getByText("succeeded").first()).toBeVisible();
  expect(await top()).toBe(before);
  await expect(attempts.getByRole("listitem").last()).toBeInViewport();
  await saveScreenshots(page, info, "run-three-attempts");
});
