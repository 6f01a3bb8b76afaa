import { fileURLToPath } from "node:url";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

const fakeCli = fileURLToPath(new URL("../cos/agents/testing/fake-cli.mjs", import.meta.url));

interface Task {
  id: string;
  state: string;
  reason: { code: string; text: string };
}

async function setUp(portos: PortosFixture, title: string): Promise<Task> {
  await portos.call("POST", "/api/panic/calm");
  const chief = (await portos.call("GET", "/api/chief")).body as { settings: object };
  await portos.call("PUT", "/api/chief", { ...chief.settings, isOn: false });
  await portos.call("DELETE", "/api/providers/worker");
  const input = { type: "cli", name: "Worker", agent: "gemini", command: [process.execPath, fakeCli] };
  expect((await portos.call("POST", "/api/providers", { id: "worker", input })).status).toBe(200);
  expect((await portos.call("POST", "/api/providers/worker/enable")).status).toBe(200);
  const added = await portos.call("POST", "/api/tasks", {
    title,
    instructions: "say hello\nwait 60000",
    choice: { kind: "provider", providerId: "worker" },
  });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  return added.body as Task;
}

/** What was stopped here stays off until a person says otherwise: the next test is another person. */
test.afterEach(async ({ portos }) => {
  await portos.call("POST", "/api/panic/calm");
  await portos.call("PUT", "/api/gateway/mode", { mode: "online" });
});

test("the chief of staff starts a task, one tap stops everything, and allows it again", async ({
  page,
  portos,
}, info) => {
  const isPhone = info.project.name === "phone";
  const title = `Sweep the yard on the ${info.project.name}`;
  const { id } = await setUp(portos, title);
  const task = async (): Promise<Task> => (await portos.call("GET", `/api/tasks/${id}`)).body as Task;

  await page.goto("/agents?tab=chief");
  const main = page.getByRole("main");
  await expect(main.getByText("Off: no task starts by itself")).toBeVisible();
  await expect(main.getByText("The chief of staff is off: start it by hand").first()).toBeVisible();
  await expectAccessible(page, "Chief of staff, off");
  await saveScreenshots(page, info, "chief-off");

  await main.getByRole("switch", { name: /^Off/ }).click();
  await expect(main.getByRole("switch", { name: /^On/ })).toBeChecked();
  const log = main.getByRole("list").filter({ hasText: title });
  await expect(log.getByText("Given to Worker.").first()).toBeVisible();
  await expect.poll(async () => (await task()).state).toBe("running");
  await expectAccessible(page, "Chief of staff, on");
  await saveScreenshots(page, info, "chief-on");

  await page.goto("/");
  await expect(page.getByRole("region", { name: "Agents at work" }).getByText(title)).toBeVisible();
  await saveScreenshots(page, info, "home-agents");
  if (isPhone) {
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Stop everything" }).click();
  } else await page.getByRole("button", { name: "Stop everything" }).first().click();

  const banner = page.getByRole("alert").filter({ hasText: "Everything is stopped" });
  await expect(banner).toContainText("by this machine");
  await expect(banner).toContainText("1 run ended");
  await expect(banner).toContainText("Terminals go on");
  await expect.poll(async () => (await task()).state).toBe("draft");
  await expect(page.getByRole("region", { name: "Agents at work" })).toHaveCount(0);
  await expectAccessible(page, "Everything is stopped");
  await saveScreenshots(page, info, "panic");
  const refused = await portos.call("POST", `/api/tasks/${id}/start`);
  expect(refused).toMatchObject({ status: 409, body: { error: { message: "Everything is stopped by this machine" } } });

  await banner.getByRole("button", { name: "Allow again" }).click();
  await expect(banner).toHaveCount(0);
  expect((await task()).state).toBe("draft"); // what was stopped is the user's to start again
  await portos.call("DELETE", `/api/tasks/${id}`);
  await portos.call("DELETE", "/api/providers/worker");
});
