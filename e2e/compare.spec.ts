import { expectAccessible } from "./support/accessibility.ts";
import { addModel } from "./support/add-model.ts";
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

/** Runs of one provider that have ended, one for each title. */
async function makeRuns(portos: PortosFixture, ...titles: string[]): Promise<string[]> {
  await addModel(portos, model, "swift");
  const ids: string[] = [];
  for (const title of titles) {
    const { body } = await portos.call("POST", "/api/runs", {
      title,
      prompt: { kind: "text", text: title },
      choices: [{ providerId: "swift" }],
    });
    ids.push((body as { runs: { id: string }[] }).runs[0]?.id ?? "");
  }
  for (const id of ids)
    await expect
      .poll(async () => ((await portos.call("GET", `/api/runs/${id}`)).body as { state: string }).state)
      .toBe("succeeded");
  return ids;
}

test("runs of different days are chosen from a run's page and stand side by side", async ({ page, portos }, info) => {
  const isPhone = info.project.name === "phone";
  const [mend = "", tidy = ""] = await makeRuns(portos, "Mend the parser", "Tidy the parser", "Test the parser");
  await page.goto(`/agents/${mend}`);
  await page.getByRole("button", { name: "Actions for Mend the parser" }).click();
  await page.getByRole("menuitem", { name: "Compare with…" }).click();
  const bar = page.getByRole("region", { name: "Compare runs" });
  await expect(page.getByRole("checkbox", { name: /^Mend the parser/ })).toBeChecked();
  await expect(bar.getByText("1 chosen, choose one more")).toBeVisible();
  await expect(bar.getByRole("button", { name: "Compare", exact: true })).toBeDisabled();
  if (isPhone) await page.getByText("Tidy the parser").first().tap();
  else {
    await page.getByRole("checkbox", { name: /^Tidy the parser/ }).focus();
    await page.keyboard.press("Space");
  }
  await expect(bar.getByText("2 chosen")).toBeVisible();
  await expect(bar.getByText("Mend the parser · Tidy the parser")).toBeVisible();
  await expectAccessible(page, "Choosing runs");
  await saveScreenshots(page, info, "runs-chosen");
  await page.reload();
  await bar.getByRole("link", { name: "Compare 2 runs" }).click();

  await expect(page).toHaveURL(new RegExp(`/agents/compare\\?runs=${mend}(,|%2C)${tidy}$`));
  await expect(page).toHaveTitle("Compare 2 runs · PortOS");
  const columns = page.getByRole("log");
  await expect(columns).toHaveCount(2);
  await expect(columns.first().getByText("All done.")).toBeVisible();
  await expectAccessible(page, "Compared runs");
  await saveScreenshots(page, info, "compare-chosen");
  await page.reload();
  const second = page.getByRole("region", { name: "Tidy the parser" });
  if (isPhone) {
    await expect(second).not.toBeInViewport();
    await page.getByRole("navigation", { name: "Runs" }).getByRole("button", { name: "Tidy the parser" }).tap();
    await expect(page).toHaveURL(new RegExp(`run=${tidy}`));
  }
  await expect(second).toBeInViewport();
  await expect(second.getByText("Model swift · swift")).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(1);
});

test("what was run again is compared with the earlier run, and at most four are chosen @desktop", async ({
  page,
  portos,
}, info) => {
  const ids = await makeRuns(portos, "Sum it up", "One", "Two", "Three");
  const [first = ""] = ids;
  await page.goto(`/agents/${first}`);
  await page.getByRole("button", { name: "Run again" }).click();
  await expect(page).toHaveURL(new RegExp(`earlier=${first}`));
  await saveScreenshots(page, info, "run-again");
  await page.getByRole("link", { name: "Compare with the earlier run" }).click();
  await expect(page).toHaveTitle("Compare: Sum it up · PortOS");
  await expect(page.getByRole("region", { name: "1 · Model swift · swift" })).toBeAttached();
  await expect(page.getByRole("region", { name: "2 · Model swift · swift" })).toBeAttached();

  await page.goto("/agents?tab=runs");
  if (info.project.name === "phone") {
    const list = page.getByRole("table", { name: "Runs" });
    await expectTouchable(list.getByRole("row").nth(1).getByRole("link"));
    await expectTouchable(list.getByRole("row").nth(1).getByRole("button"));
  }
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  for (const title of ["Sum it up", "One", "Two", "Three"])
    await page
      .getByRole("checkbox", { name: new RegExp(`^${title}`) })
      .first()
      .check();
  await expect(page.getByText("4 chosen, which is the most")).toBeVisible();
  await expect(page.getByRole("checkbox", { checked: false }).first()).toBeDisabled();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("checkbox")).toHaveCount(0);

  await page.goto(`/agents/compare?runs=${ids.join(",")}`);
  await expect(page.getByRole("log")).toHaveCount(4);
  await saveScreenshots(page, info, "compare-four");
});

test("a comparison of nothing, of one, of too many or of what is gone says so @desktop", async ({
  page,
  portos,
}, info) => {
  const [left = "", gone = ""] = await makeRuns(portos, "Stays", "Goes");
  const main = page.getByRole("main");
  const open = (runs: string) => page.goto(`/agents/compare?runs=${runs}`);
  await open("");
  await expect(main.getByText("There is nothing to compare")).toBeVisible();
  await open("run-000000000000,nonsense");
  await expect(main.getByText("There are no such runs")).toBeVisible();
  await open(Array.from({ length: 5 }, (_, index) => `run-00000000000${String(index)}`).join(","));
  await expect(main.getByText("this address names 5")).toBeVisible();
  await saveScreenshots(page, info, "compare-too-many");

  await open([left, gone, "run-000000000000"].join(","));
  await expect(page.getByRole("log")).toHaveCount(2);
  await expect(main.getByText("One run of this comparison does not exist.")).toBeVisible();
  expect((await portos.call("DELETE", `/api/runs/${gone}`)).status).toBe(200);
  await expect(main.getByText("Of these runs there is only one: Stays")).toBeVisible();

  await open(left);
  await expect(main.getByText("One run alone cannot be compared")).toBeVisible();
  await main.getByRole("link", { name: "Choose another run" }).click();
  await expect(page.getByRole("checkbox", { name: /^Stays/ })).toBeChecked();
});
