import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { connectorPolicySchema } from "../contract/features/connectors.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let outside: Server;
let place: string;
let received: string[] = [];

const page = `<!doctype html><html lang="en"><head><title>Tides of Hamburg</title></head><body><article><h1>Tides of Hamburg</h1>
<p>${"High water comes twice a day, a little later each time. ".repeat(12)}</p></article></body></html>`;

test.beforeAll(async () => {
  outside = createServer((request, response) => {
    if (request.method !== "POST") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push(body);
      response.writeHead(200).end("thanks");
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

async function prepare(portos: PortosFixture): Promise<void> {
  const done = async (method: "PUT" | "POST", path: string, body?: object): Promise<void> => {
    const reply = await portos.call(method, path, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  };
  await done("PUT", "/api/connectors/web-fetch/policy", connectorPolicySchema.parse({ insides: [place] }));
  await done(
    "PUT",
    "/api/connectors/webhook-out/policy",
    connectorPolicySchema.parse({ insides: [place], approval: "always" }),
  );
  await done("PUT", "/api/connectors/webhook-out/config", { config: { url: `http://${place}/hook` } });
  await done("POST", "/api/connectors/web-fetch/enable");
  await done("POST", "/api/connectors/webhook-out/enable");
}

async function idOf(portos: PortosFixture, name: string): Promise<string> {
  const { body } = await portos.call("GET", "/api/automations");
  const { automations } = body as { automations: { automation: { id: string; name: string } }[] };
  return automations.find(({ automation }) => automation.name === name)?.automation.id ?? "";
}

test("an automation reads a page and posts what it found, once the phone has said yes @desktop", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(120_000);
  received = [];
  await prepare(portos);
  const name = `Tides ${info.project.name}`;
  await tab.goto("/automations");
  await tab.getByRole("main").getByRole("button", { name: "New automation" }).first().click();
  const editor = tab.getByRole("dialog");
  await editor.getByLabel("Name", { exact: true }).fill(name);
  await editor.getByText("Calls", { exact: true }).click();

  const choose = async (step: string, field: string, option: string): Promise<void> => {
    await editor.getByRole("region", { name: step }).getByRole("combobox", { name: field }).click();
    await tab.getByRole("option", { name: option, exact: true }).click();
  };
  const first = editor.getByRole("region", { name: "Step 1" });
  await choose("Step 1", "Connector", "Web pages");
  await choose("Step 1", "Operation", "Read a page (reads)");
  await first.getByRole("textbox", { name: /^Url/ }).fill(`http://${place}/tides`);
  await editor.getByRole("button", { name: "Add a step" }).click();
  const second = editor.getByRole("region", { name: "Step 2" });
  await choose("Step 2", "Connector", "Webhook");
  await choose("Step 2", "Operation", "Post (writes)");
  const text = second.getByRole("textbox", { name: "Text", exact: true });
  await text.fill("Today:");
  await second.getByLabel("Insert a value into Text").selectOption("step1.title");
  await expect(text).toHaveValue("Today: {{ step1.title }}");

  await editor.getByRole("button", { name: "Try without sending" }).click();
  const tried = editor.getByRole("list", { name: "What would be sent" });
  await expect(tried).toContainText("It would be made; nobody is asked.");
  await expect(tried).toContainText("It uses what step 1 gives");
  await expectAccessible(tab, "Editor of calls");
  await saveScreenshots(tab, info, "automation-calls-editor");
  await editor.getByRole("button", { name: "Create, turned off" }).click();
  await expect(editor).toBeHidden();
  expect(received).toEqual([]);

  await tab.getByRole("main").getByRole("link", { name, exact: true }).click();
  await tab.getByRole("main").getByRole("button", { name: "Run now" }).click();
  await expect(tab.getByRole("main").getByText("waiting for you").first()).toBeVisible();
  const ledger = tab.getByRole("main").getByRole("table", { name: "Ledger" });
  await ledger.getByRole("button").first().click();
  const run = tab.getByRole("dialog");
  const calls = run.getByRole("list", { name: "Calls of the run" });
  await expect(calls).toContainText("Web pages");
  await saveScreenshots(tab, info, "automation-calls-waiting");
  await expectAccessible(tab, "A run that waits");
  await calls.getByRole("button", { name: "Allow once" }).click();
  await expect(calls.getByText("succeeded")).toHaveCount(2);
  expect(received).toEqual(["Today: Tides of Hamburg"]);
  await calls.getByText("What it gave").first().click();
  await expect(calls).toContainText("High water comes twice a day");
  await saveScreenshots(tab, info, "automation-calls-run");
  await calls.getByRole("link", { name: "Show the evidence" }).last().click();
  const evidence = tab.getByRole("dialog");
  await expect(evidence).toContainText(name);

  await tab.goto("/connectors/webhook-out?tab=configure");
  await expect(tab.getByRole("list", { name: "Used by" })).toContainText(name);
  await tab.getByRole("list", { name: "Used by" }).scrollIntoViewIfNeeded();
  await expectAccessible(tab, "What uses a connector");
  await saveScreenshots(tab, info, "connector-used-by");
  await portos.call("POST", `/api/automations/${await idOf(portos, name)}/enable`);
  await tab.getByRole("main").getByRole("switch", { name: "Webhook is on" }).locator("xpath=..").click();
  const warning = tab.getByRole("dialog");
  await expect(warning).toContainText(`${name} uses it and fails until it is on again.`);
  await warning.getByRole("button", { name: "Cancel" }).click();
  await expect(tab.getByRole("main").getByRole("switch", { name: "Webhook is on" })).toBeChecked();

  await tab.goto("/connectors/webhook-out?tab=doctor");
  await tab.getByRole("main").getByRole("button", { name: "Look at the way" }).click();
  const way = tab.getByRole("list", { name: `The way to http://${place}` });
  await expect(way).toContainText("Connection good");
  await expectAccessible(tab, "Doctor");
  await saveScreenshots(tab, info, "connector-doctor");
});

test("a list in a sheet stays under its field while the window shrinks, as for a keyboard @phone", async ({
  page: tab,
  portos,
}) => {
  await portos.call("POST", "/api/connectors/web-fetch/enable");
  await tab.goto("/automations");
  await tab.getByRole("main").getByRole("button", { name: "New automation" }).first().click();
  const editor = tab.getByRole("dialog");
  await editor.getByText("Calls", { exact: true }).click();
  const field = editor.getByRole("combobox", { name: "Connector" });
  await field.click();
  const option = tab.getByRole("option", { name: "Web pages", exact: true });
  await expect(option).toBeVisible();
  await tab.setViewportSize({ width: 390, height: 480 });
  await expect(option).toBeVisible();
  const under = async (): Promise<boolean> => {
    const [above, list] = [await field.boundingBox(), await tab.getByRole("listbox").boundingBox()];
    return above !== null && list !== null && list.y >= above.y + above.height - 1;
  };
  expect(await under()).toBe(true);
  await option.scrollIntoViewIfNeeded();
  await expect(option).toBeVisible();
  expect(await under()).toBe(true);
  await option.click();
  await expect(field).toHaveValue("Web pages");
});

test("what came while nothing was let out is run again with one button", async ({ page: tab, portos }, info) => {
  received = [];
  await prepare(portos);
  const made = async (
    method: "PUT" | "POST",
    path: string,
    body?: object,
  ): Promise<Record<string, { id: string; name: string }>> => {
    const reply = await portos.call(method, path, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    return reply.body as Record<string, { id: string; name: string }>;
  };
  await made(
    "PUT",
    "/api/connectors/webhook-out/policy",
    connectorPolicySchema.parse({ insides: [place], approval: "never" }),
  );
  const { hook } = await made("POST", "/api/hooks", { name: `Comes in ${info.project.name}`, kind: "standard" });
  const { id: hookId = "", name: hookName = "" } = hook ?? {};
  const steps = [{ connector: "webhook-out", operation: "post", params: { text: "{{ trigger.body.text }}" } }];
  const { automation } = await made("POST", "/api/automations", {
    name: `Sends on ${info.project.name}`,
    schedule: { kind: "event", events: ["webhook.received"], filter: `data.hook == '${hookName}'` },
    action: { kind: "connector", steps },
    overlapPolicy: "queue-all",
  });
  const { id = "" } = automation ?? {};
  await made("POST", `/api/automations/${id}/enable`);
  await made("PUT", "/api/gateway/mode", { mode: "offline" });
  await made("POST", `/api/hooks/${hookId}/test`, {
    body: JSON.stringify({ type: "ping", text: "High water" }),
    isHandedOn: true,
  });
  await tab.goto(`/automations/${id}`);
  const ledger = tab.getByRole("main").getByRole("table", { name: "Ledger" });
  await expect(ledger.getByText("failed")).toBeVisible();
  await made("PUT", "/api/gateway/mode", { mode: "online" });
  await ledger.getByRole("button").first().click();
  const run = tab.getByRole("dialog");
  await expect(run).toContainText("Not let out just now.");
  await expectAccessible(tab, "A run that can be run again");
  await saveScreenshots(tab, info, "automation-run-again");
  await run.getByRole("button", { name: "Run again with this event" }).click();
  await expect(run).toContainText("Once more, with what had started the run of");
  await expect(run.getByText("succeeded").first()).toBeVisible();
  await expect(run.getByRole("button", { name: "Run again with this event" })).toBeHidden();
  await saveScreenshots(tab, info, "automation-ran-again");
  expect(received).toEqual(["High water"]);
});
