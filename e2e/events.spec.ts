import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { connectorPolicySchema } from "../contract/features/connectors.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let outside: Server;
let place: string;
let received: { event: string; data: { automation?: string } }[] = [];

test.beforeAll(async () => {
  outside = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push(JSON.parse(body) as (typeof received)[number]);
      response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => {
    outside.listen(0, "127.0.0.1", resolve);
  });
  place = `127.0.0.1:${String((outside.address() as AddressInfo).port)}`;
});

test.afterAll(() => {
  outside.closeAllConnections();
  outside.close();
});

async function prepare(portos: PortosFixture): Promise<string> {
  const done = async (method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> => {
    const reply = await portos.call(method, path, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    return reply.body;
  };
  const { automations } = (await done("GET", "/api/automations")) as { automations: { automation: { id: string } }[] };
  for (const { automation } of automations) await done("DELETE", `/api/automations/${automation.id}`);
  const policy = connectorPolicySchema.parse({ insides: [place], approval: "never" });
  await done("PUT", "/api/connectors/webhook-out/policy", policy);
  await done("PUT", "/api/connectors/webhook-out/config", { config: { url: `http://${place}/hook` } });
  await done("POST", "/api/connectors/webhook-out/enable");
  return portos.folder;
}

async function failing(portos: PortosFixture, name: string, folder: string): Promise<void> {
  const { body } = await portos.call("POST", "/api/automations", {
    name,
    schedule: { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" },
    action: { kind: "command", command: { kind: "arguments", arguments: ["false"] }, folder, timeLimitMs: 60_000 },
  });
  const { automation } = body as { automation: { id: string } };
  await portos.call("POST", `/api/automations/${automation.id}/run`);
}

test("what fails here is told to a webhook, picked from the example and filtered by its name @desktop", async ({
  page,
  portos,
}, info) => {
  test.setTimeout(120_000);
  received = [];
  const folder = await prepare(portos);
  await page.goto("/automations");
  await page.getByRole("button", { name: "Use this one" }).click();
  const editor = page.getByRole("dialog");
  await expect(editor.getByLabel("Name", { exact: true })).toHaveValue("Send events to a webhook");
  await expect(editor.getByRole("list", { name: "Chosen events" }).getByRole("listitem")).toHaveCount(3);
  await saveScreenshots(page, info, "events-editor");
  await editor.getByRole("combobox", { name: "Events" }).click();
  await saveScreenshots(page, info, "events-pick");
  await page.getByRole("option", { name: /^Agent run failed/ }).click();
  await page.getByRole("option", { name: /^Process crashed/ }).click();
  await page.keyboard.press("Escape");
  if (!(await editor.isVisible())) throw new Error("Escape closed more than the list");
  await editor.getByRole("button", { name: "Automation is Nightly backup" }).click();
  const filter = editor.getByLabel("Only when (optional)");
  await expect(filter).toHaveValue("data.automation == 'Nightly backup'");
  await filter.fill("data.nobody == 'x'");
  await editor.getByRole("button", { name: "Create, turned off" }).click();
  await expect(editor.getByText(/reads data.nobody, which these events do not have/).first()).toBeVisible();
  await saveScreenshots(page, info, "events-refused");
  await filter.fill("data.automation == 'Wanted'");
  await expectAccessible(page, "Automation editor with an event");
  await editor.getByRole("button", { name: "Try without sending" }).click();
  await expect(editor.getByText("It would be made; nobody is asked.")).toBeVisible();
  await editor.getByText("It would be made; nobody is asked.").scrollIntoViewIfNeeded();
  await saveScreenshots(page, info, "events-try");
  await editor.getByRole("button", { name: "Create, turned off" }).click();
  const toggle = page.getByRole("main").getByRole("switch", { name: "Send events to a webhook is on" });
  await toggle.locator("xpath=..").click(); // the track is what one sees and presses
  await expect(toggle).toBeChecked();
  await expect(page.getByRole("main").getByText("on an event")).toBeVisible();
  await failing(portos, "Unwanted", folder);
  await failing(portos, "Wanted", folder);
  await expect.poll(() => received.map(({ data }) => data.automation), { timeout: 30_000 }).toEqual(["Wanted"]);
  await page.getByRole("main").getByRole("link", { name: "Send events to a webhook" }).click();
  await expect(page.getByText("started by automation failed")).toBeVisible();
  // The page asks for the newest ones every 15 seconds.
  await expect(page.getByRole("list", { name: "Chosen events" })).toContainText("last seen", { timeout: 20_000 });
  await saveScreenshots(page, info, "events-automation");
  await expectAccessible(page, "Automation of an event");
  await page.getByRole("table", { name: "Ledger" }).getByRole("button").first().click();
  await expect(page.getByRole("region", { name: "What the event said" })).toContainText('"automation": "Wanted"');
  await saveScreenshots(page, info, "events-run");
});
