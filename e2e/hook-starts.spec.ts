import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { connectorPolicySchema } from "../contract/features/connectors.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let outside: Server;
let place: string;

test.beforeAll(async () => {
  outside = createServer((request, response) => {
    request.resume().on("end", () => response.end("thanks"));
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

async function prepare(portos: PortosFixture) {
  const done = async <T>(method: "PUT" | "POST", path: string, body?: object): Promise<T> => {
    const reply = await portos.call(method, path, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    return reply.body as T;
  };
  const policy = connectorPolicySchema.parse({ insides: [place], approval: "always" });
  await done("PUT", "/api/connectors/webhook-out/policy", policy);
  await done("PUT", "/api/connectors/webhook-out/config", { config: { url: `http://${place}/hook` } });
  await done("POST", "/api/connectors/webhook-out/enable");
  const make = async (name: string): Promise<string> => {
    const steps = [{ connector: "webhook-out", operation: "post", params: { text: "{{ trigger.text }}" } }];
    const schedule = { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" };
    const input = { name, schedule, action: { kind: "connector", steps } };
    const { automation } = await done<{ automation: { id: string } }>("POST", "/api/automations", input);
    return automation.id;
  };
  const on = await make("Tell the shop");
  const off = await make("Archive it");
  await done("POST", `/api/automations/${on}/enable`);
  const hook = async (name: string, automationId: string): Promise<string> =>
    (await done<{ hook: { id: string } }>("POST", "/api/hooks", { name, kind: "standard", automationId })).hook.id;
  const [orders, old] = [await hook("Orders", on), await hook("Old orders", off)];
  const send = (id: string) => done("POST", `/api/hooks/${id}/test`, { isHandedOn: true });
  for (let sent = 0; sent < 3; sent += 1) await send(orders);
  await send(old);
  return { orders, old };
}

/** What other specs find is as it was. */
async function cleanUp(portos: PortosFixture): Promise<void> {
  const { body: list } = await portos.call("GET", "/api/automations");
  const { automations } = list as { automations: { automation: { id: string } }[] };
  for (const { automation } of automations) await portos.call("DELETE", `/api/automations/${automation.id}`);
  await portos.call("POST", "/api/approvals/deny-all");
  const { hooks } = (await portos.call("GET", "/api/hooks")).body as { hooks: { id: string }[] };
  for (const { id } of hooks) await portos.call("DELETE", `/api/hooks/${id}`);
  await portos.call("PUT", "/api/connectors/webhook-out/policy", connectorPolicySchema.parse({}));
}

test("each message says what it started and leads there; an automation that is off is named as such", async ({
  page,
  portos,
}, info) => {
  const { orders, old } = await prepare(portos);
  await page.goto(`/connectors?tab=webhooks&hook=${orders}`);
  const sheet = page.getByRole("dialog");
  const started = sheet.getByRole("list", { name: "What it started" });
  await expect(started).toHaveCount(3);
  await expect(started.last()).toContainText("Its run waits for your answer.");
  await expect(started.first()).toContainText("It waits until the runs before it have ended.");
  await started.last().scrollIntoViewIfNeeded();
  await saveScreenshots(page, info, "hook-starts");
  await expectAccessible(page, "Messages of a webhook");
  await started.last().getByRole("link", { name: "Tell the shop" }).click();
  await expect(page).toHaveURL(/\/automations\/au-[a-z0-9]+\?run=oc-/);
  await expect(page.getByRole("dialog")).toContainText("waiting for you");

  await page.goto(`/connectors?tab=webhooks&hook=${old}`);
  await expect(started).toContainText("Nothing was started: The automation is off.");
  await started.scrollIntoViewIfNeeded();
  await saveScreenshots(page, info, "hook-starts-off");

  await page.goto(`/connectors?tab=webhooks&edit=${old}`);
  const form = page.getByRole("dialog");
  await expect(form.getByLabel("Starts")).toContainText("Archive it (off)");
  await expect(form.getByText(/^It is off: messages are taken and start nothing/)).toBeVisible();
  await saveScreenshots(page, info, "hook-form-off");
  await expectAccessible(page, "Form of a webhook");
  await cleanUp(portos);
});

test("what is wrong with calls stands at their fields, until those are changed", async ({ page }, info) => {
  await page.goto("/automations?edit=new");
  const editor = page.getByRole("dialog");
  await editor.getByText("Calls", { exact: true }).click();
  await editor.getByRole("button", { name: "Create, turned off" }).click();
  await expect(editor.getByText("must be chosen")).toHaveCount(2);
  await expect(editor.getByRole("alert").last()).toHaveText("Correct the fields that are marked.");
  await saveScreenshots(page, info, "automation-refused");
  await editor.getByRole("combobox", { name: "Connector" }).click();
  await page.getByRole("option", { name: "Webhook", exact: true }).click();
  await expect(editor.getByText("must be chosen")).toHaveCount(1);
});
