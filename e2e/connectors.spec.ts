import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { connectorPolicySchema } from "../contract/features/connectors.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let outside: Server;
let place: string;
/** What the receiver of webhooks answers. */
let hookStatus = 200;
let received: string[] = [];

const page = `<!doctype html><html lang="en"><head><title>Tides of Hamburg</title></head><body><article><h1>Tides of Hamburg</h1>
<p>${"High water comes twice a day, a little later each time. ".repeat(12)}</p></article></body></html>`;

test.beforeAll(async () => {
  outside = createServer((request, response) => {
    if (request.method === "POST") {
      received.push(request.url ?? "");
      response.writeHead(hookStatus).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
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

// Whoever stopped everything before left the gateway closed.
test.beforeEach(({ portos }) => put(portos, "/api/gateway/mode", { mode: "online" }));

async function put(portos: PortosFixture, path: string, body: object): Promise<void> {
  const reply = await portos.call("PUT", path, body);
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
}

async function allowPlace(portos: PortosFixture, connector: string): Promise<void> {
  await put(portos, `/api/connectors/${connector}/policy`, connectorPolicySchema.parse({ insides: [place] }));
}

test("a connector is turned on, tried, and its call proven @desktop", async ({ page: tab, portos }, info) => {
  test.setTimeout(240_000);
  await portos.call("POST", "/api/connectors/web-fetch/disable");
  await allowPlace(portos, "web-fetch");
  await tab.goto("/connectors");
  const main = tab.getByRole("main");
  const toggle = main.getByRole("switch", { name: "Web pages is on" });
  await expect(toggle).not.toBeChecked();
  await toggle.locator("xpath=..").click();
  await expect(toggle).toBeChecked();
  await expectAccessible(tab, "Catalogue");
  await saveScreenshots(tab, info, "connectors-catalogue");

  await main.getByRole("link", { name: "Web pages" }).click();
  await main.getByRole("button", { name: "Call", exact: true }).click();
  await expect(main.getByText("is needed")).toBeVisible();
  await main.getByLabel("Url").fill(`http://${place}/tides`);
  await main.getByRole("button", { name: "Dry run" }).click();
  await expect(main.getByText("It would be made; nobody is asked.")).toBeVisible();
  await saveScreenshots(tab, info, "connector-dry-run");
  await main.getByRole("button", { name: "Call", exact: true }).click();
  const document = main.getByRole("region", { name: "What came back" });
  await expect(document).toContainText("High water comes twice a day");
  await expectAccessible(tab, "A result");
  await saveScreenshots(tab, info, "connector-result");

  await main.getByRole("link", { name: "Show the evidence" }).click();
  const sheet = tab.getByRole("dialog");
  await expect(sheet.getByText(`${place} → 127.0.0.1`)).toBeVisible();
  await expect(sheet.getByText("Yes: the row is as it was written")).toBeVisible();
  await expect(sheet.getByRole("list", { name: "The way of the call" })).toContainText("Policy");
  await expectAccessible(tab, "Evidence of a call");
  await saveScreenshots(tab, info, "evidence-call");
  await tab.keyboard.press("Escape");
  await main.getByRole("button", { name: "Verify the chain" }).click();
  await expect(main.getByText(/^The chain is whole: \d+ rows?/)).toBeVisible();
  await saveScreenshots(tab, info, "evidence-proof");
  await main.getByRole("button", { name: "Verify the chain" }).click();
  await expect(main.getByText(/^The chain is whole: \d+ rows?/)).toBeVisible();
  await main.getByRole("button", { name: "Close" }).click();
  const searched = main.getByLabel("Search the evidence");
  await searched.pressSequentially("no such");
  await expect(tab).toHaveURL(/text=no/);
  await searched.pressSequentially(" thing");
  await expect(tab).toHaveURL(/text=no\+such\+thing/);
  await expect(main.getByText("Nothing matches")).toBeVisible();
  await main.getByRole("button", { name: "Clear the filters" }).click();
  await expect(searched).toHaveValue("");
  await expect(main.getByRole("table", { name: "Calls to the outside" })).toContainText("web-fetch · fetch");
  await expectAccessible(tab, "Evidence");
  await saveScreenshots(tab, info, "evidence");
  await main.getByText("Statistics", { exact: true }).click();
  await expect(main.getByText("All calls")).toBeVisible();
  await expectAccessible(tab, "Statistics");
  await saveScreenshots(tab, info, "evidence-statistics");
});

test("a policy says what the phone would be asked; the call waits for the answer", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(240_000);
  await portos.call("POST", "/api/connectors/web-fetch/enable");
  await allowPlace(portos, "web-fetch");
  await tab.goto("/connectors/web-fetch?tab=policy");
  const main = tab.getByRole("main");
  await main.getByRole("combobox", { name: "When you are asked" }).click();
  await tab.getByRole("option", { name: "Always ask" }).click();
  await main.getByRole("button", { name: "Ask the policy" }).click();
  await expect(main.getByRole("group", { name: "What your phone would be asked" })).toContainText("Web pages");
  await expectAccessible(tab, "Policy");
  await saveScreenshots(tab, info, "connector-policy");
  await main.getByRole("button", { name: "Save the policy" }).click();
  await expect(main.getByText("When you are asked", { exact: true }).last()).toBeVisible();
  await expect(tab.getByText("The policy of Web pages is saved")).toBeVisible();

  await tab.goto("/connectors/web-fetch");
  await main.getByLabel("Url").fill(`http://${place}/tides`);
  await main.getByRole("button", { name: "Call", exact: true }).click();
  const question = main.getByRole("group", { name: /^Question: Web pages/ });
  await expect(question).toContainText(`http://${place}/tides`);
  await saveScreenshots(tab, info, "connector-asks");
  const phone = await tab.context().newPage();
  await phone.goto("/");
  const onHome = phone.getByRole("main").getByRole("group", { name: /^Question: Web pages/ });
  await expect(onHome.getByRole("button", { name: "Allow once" })).toBeVisible();
  await phone.goto("/approvals");
  await expect(phone.getByRole("main").getByText("Changes nothing, low risk")).toBeVisible();
  await expectAccessible(phone, "Approvals with a call");
  await saveScreenshots(phone, info, "approvals-call");
  const { body } = await portos.call("GET", "/api/approvals");
  const [asked] = (body as { pending: { id: string }[] }).pending;
  await phone.goto(`/a/${asked?.id ?? ""}`);
  await expect(phone.getByRole("heading", { level: 1 })).toContainText("Web pages");
  await expect(phone.getByText(`http://${place}/tides`).first()).toBeVisible();
  await saveScreenshots(phone, info, "answer-call");
  await phone.getByRole("button", { name: "Allow once" }).click();
  await expect(main.getByRole("region", { name: "What came back" })).toContainText("High water");
  await phone.close();
  await main.getByRole("link", { name: "Show the evidence" }).click();
  await expect(tab.getByRole("dialog").getByRole("link", { name: "allowed" })).toBeVisible();
});

test("what could not be delivered is retried by hand @desktop", async ({ page: tab, portos }, info) => {
  test.setTimeout(180_000);
  hookStatus = 410;
  received = [];
  await put(portos, "/api/connectors/webhook-out/config", { config: { url: `http://${place}/hook`, isInside: true } });
  await allowPlace(portos, "webhook-out");
  await portos.call("POST", "/api/connectors/webhook-out/enable");
  await tab.goto("/connectors/webhook-out");
  const main = tab.getByRole("main");
  await main.getByLabel("Text", { exact: true }).fill("The build is done");
  const isQueued = main.getByRole("switch", { name: "Deliver through the queue" });
  await isQueued.locator("xpath=..").click(); // the track is what one sees and presses
  await main.getByRole("button", { name: "Post now" }).click();
  await expect(main.getByText("It is accepted and will be delivered")).toBeVisible();
  await main.getByRole("link", { name: "Show the queue" }).click();
  const table = main.getByRole("table", { name: "Deliveries that were given up" });
  await expect(table).toContainText("answered 410", { timeout: 20_000 });
  await expectAccessible(tab, "Queue");
  await saveScreenshots(tab, info, "queue");
  hookStatus = 200;
  await table.getByRole("button", { name: "Retry webhook-out post" }).click();
  await expect(main.getByText("Nothing waits")).toBeVisible({ timeout: 20_000 });
  expect(received.length).toBeGreaterThanOrEqual(2);
});

test("a secret is written, kept and never shown", async ({ page: tab, portos }, info) => {
  const key = "BSA-e2e-0123456789-last";
  await tab.goto("/connectors/web-search?tab=configure");
  const main = tab.getByRole("main");
  await main.getByLabel("Brave key", { exact: true }).fill(key);
  await main.getByLabel("SearXNG", { exact: true }).fill("no address");
  await main.getByRole("button", { name: "Save", exact: true }).click();
  await expect(main.getByText("must be an address such as https://search.example.com")).toBeVisible();
  await saveScreenshots(tab, info, "connector-configure-wrong");
  await main.getByLabel("SearXNG", { exact: true }).fill("");
  await main.getByRole("button", { name: "Save", exact: true }).click();
  const field = main.getByLabel("Brave key", { exact: true });
  await expect(field).toHaveAttribute("placeholder", "unchanged, ends in last");
  await expect(field).toHaveValue("");
  expect(await tab.content()).not.toContain(key);
  const { body } = await portos.call("GET", "/api/connectors/web-search");
  expect(JSON.stringify(body)).not.toContain(key);
  await main.getByRole("button", { name: "Remove it: Brave key" }).click();
  await main.getByRole("button", { name: "Save", exact: true }).click();
  await expect(field).toHaveAttribute("placeholder", "not set");
});

test("a rule answers calls to the outside @desktop", async ({ page: tab, portos }, info) => {
  await tab.goto("/approvals?tab=rules");
  await tab.getByRole("main").getByRole("button", { name: "New rule" }).first().click();
  const sheet = tab.getByRole("dialog");
  await sheet.getByText("Calls to the outside", { exact: true }).click();
  await sheet.getByRole("textbox", { name: "Name", exact: true }).fill("Pages may be read");
  await sheet.getByLabel("Connectors", { exact: true }).first().click();
  await tab.getByRole("option", { name: "Web pages" }).click();
  await tab.keyboard.press("Tab");
  await sheet.getByRole("checkbox", { name: /^Read a page/ }).check();
  await expectAccessible(tab, "A rule for calls");
  await saveScreenshots(tab, info, "rule-for-calls");
  await sheet.getByRole("button", { name: "Create" }).click();
  await expect(tab.getByRole("main").getByText("Calls of web-fetch: fetch")).toBeVisible();
  const { body } = await portos.call("GET", "/api/approval-rules");
  for (const { id } of body as { id: string }[]) await portos.call("DELETE", `/api/approval-rules/${id}`);
});

test("an OpenAPI document becomes a connector, which is removed and brought back @desktop", async ({
  page: tab,
}, info) => {
  const read = { summary: "List tides", operationId: "listTides", responses: { "200": { description: "Tides" } } };
  const write = { summary: "Add a tide", operationId: "addTide", responses: { "201": { description: "Added" } } };
  const document = {
    openapi: "3.0.3",
    info: { title: "Tides", version: "1" },
    servers: [{ url: "https://tides.example.com/v1" }],
    paths: { "/tides": { get: read, post: write } },
  };
  await tab.goto("/connectors");
  const main = tab.getByRole("main");
  await main.getByRole("button", { name: "Add a connector of your own" }).click();
  const sheet = tab.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "OpenAPI document" }).fill(JSON.stringify(document));
  await sheet.getByRole("button", { name: "Read it" }).click();
  await expect(sheet.getByText("1 of 2 chosen")).toBeVisible();
  await expect(sheet.getByRole("checkbox", { name: "List tides" })).toBeChecked();
  await expectAccessible(tab, "Operations of a document");
  await saveScreenshots(tab, info, "connector-own-choose");
  await sheet.getByRole("button", { name: "Go on" }).click();
  await expect(sheet.getByRole("textbox", { name: "Base address" })).toHaveValue("https://tides.example.com/v1");
  await expectAccessible(tab, "A connector of one's own");
  await saveScreenshots(tab, info, "connector-own");
  await sheet.getByRole("button", { name: "Add, turned off" }).click();
  await expect(main.getByRole("heading", { level: 1, name: "Tides" })).toBeAttached();
  await main.getByRole("button", { name: "Actions for Tides" }).click();
  await tab.getByRole("menuitem", { name: "Remove" }).click();
  await expect(tab.getByText("Tides is removed")).toBeVisible();
  await tab.getByRole("button", { name: "Undo" }).click();
  await expect(main.getByRole("link", { name: "Tides" })).toBeVisible();
});

test("a webhook is made, tested, and its message read @desktop", async ({ page: tab }, info) => {
  await tab.goto("/webhooks");
  await expect(tab).toHaveURL(/\/connectors\?tab=webhooks/);
  const main = tab.getByRole("main");
  await main.getByRole("button", { name: "New webhook" }).click();
  const sheet = tab.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Name", exact: true }).fill("Builds");
  await expectAccessible(tab, "New webhook");
  await sheet.getByRole("button", { name: "Create" }).click();
  await expect(sheet.getByText("Copy it now: it is not shown again.")).toBeVisible();
  await sheet.getByRole("button", { name: "Send", exact: true }).click();
  await sheet.getByRole("button", { name: "Show", exact: true }).click();
  await expect(sheet.getByText('"hello":"world"').last()).toBeVisible();
  await expectAccessible(tab, "Messages of a webhook");
  await saveScreenshots(tab, info, "webhook");
  await tab.keyboard.press("Escape");
  await expect(main.getByRole("table", { name: "Webhooks" })).toContainText("Builds");
  await saveScreenshots(tab, info, "webhooks-one");
});

test("what may leave this machine is switched, and taken back @desktop", async ({ page: tab, portos }) => {
  await put(portos, "/api/gateway/mode", { mode: "online" });
  await tab.goto("/connectors");
  const main = tab.getByRole("main");
  await main.getByText("Offline", { exact: true }).click();
  await expect(main.getByText("No call leaves this machine.")).toBeVisible();
  await tab.getByRole("button", { name: "Undo" }).click();
  await expect(main.getByText("Everything that policies allow may leave this machine.")).toBeVisible();
});

test("a target that fails again and again is left alone until it is reset @desktop", async ({
  page: tab,
  portos,
}, info) => {
  const nobody = createServer();
  await new Promise<void>((resolve) => {
    nobody.listen(0, "127.0.0.1", resolve);
  });
  const dead = `127.0.0.1:${String((nobody.address() as AddressInfo).port)}`;
  await new Promise((resolve) => nobody.close(resolve));
  await put(portos, "/api/connectors/web-fetch/policy", connectorPolicySchema.parse({ insides: [dead] }));
  await portos.call("POST", "/api/connectors/web-fetch/enable");
  for (let call = 0; call < 5; call += 1)
    await portos.call("POST", "/api/connectors/web-fetch/operations/fetch/execute", {
      params: { url: `http://${dead}/` },
    });
  await tab.goto("/connectors");
  const breakers = tab.getByRole("main").getByRole("list", { name: "Targets that are left alone" });
  await expect(breakers).toContainText("is left alone");
  await expectAccessible(tab, "A target that is left alone");
  await saveScreenshots(tab, info, "connectors-breaker");
  await breakers.getByRole("button", { name: /^Reset / }).click();
  await expect(breakers).toBeHidden();
});

test("a policy saved in one tab is followed in another, and not undone by what is typed there", async ({
  page: tab,
  portos,
  context,
}, info) => {
  test.setTimeout(240_000);
  await put(portos, "/api/connectors/web-search/policy", connectorPolicySchema.parse({ perMinute: 30 }));
  const other = await context.newPage();
  for (const one of [tab, other]) await one.goto("/connectors/web-search?tab=policy");
  const saveAt = (one: typeof tab) => one.getByRole("main").getByRole("button", { name: "Save the policy" });
  const minute = (one: typeof tab) => one.getByRole("main").getByLabel("Calls in a minute");
  const day = (one: typeof tab) => one.getByRole("main").getByLabel("Calls in a day");
  await minute(tab).fill("31");
  await saveAt(tab).click();
  await expect(minute(other)).toHaveValue("31");

  await day(other).fill("77");
  await minute(tab).fill("32");
  await saveAt(tab).click();
  const main = other.getByRole("main");
  await expect(main.getByText("The policy was changed elsewhere meanwhile")).toBeVisible();
  await expect(saveAt(other)).toBeDisabled();
  await main.getByText("The policy was changed elsewhere meanwhile").scrollIntoViewIfNeeded();
  await expectAccessible(other, "A policy changed elsewhere");
  await saveScreenshots(other, info, "connector-policy-elsewhere");
  await main.getByRole("button", { name: "Apply mine to it" }).click();
  await expect(minute(other)).toHaveValue("32");
  await expect(day(other)).toHaveValue("77");
  await saveAt(other).click();
  await expect(minute(tab)).toHaveValue("32");
  await expect(day(tab)).toHaveValue("77");
  await other.close();
});

test("what is typed and not saved stays among the tabs, and is asked about before it is lost @desktop", async ({
  page: tab,
  portos,
}) => {
  await put(portos, "/api/connectors/rss/policy", connectorPolicySchema.parse({ perMinute: 30 }));
  await tab.goto("/connectors/rss?tab=policy");
  const main = tab.getByRole("main");
  const sections = tab.getByRole("navigation", { name: "Sections of this page" });
  const perMinute = main.getByLabel("Calls in a minute");
  await perMinute.fill("-5");
  await main.getByRole("button", { name: "Save the policy" }).click();
  await expect(main.getByText("must be at least 1")).toBeVisible();
  await expect(main.getByText("Not saved. Look at Calls in a minute.")).toBeVisible();
  await perMinute.fill("31");
  await sections.getByRole("link", { name: "Doctor" }).click();
  await sections.getByRole("link", { name: "Policy" }).click();
  await expect(perMinute).toHaveValue("31");

  const question = tab.getByRole("dialog", { name: "Leave without saving?" });
  await tab.getByRole("link", { name: "Apps" }).first().click();
  await expect(question).toContainText("The policy of");
  await question.getByRole("button", { name: "Stay" }).click();
  await expect(tab).toHaveURL(/connectors\/rss/);
  await expect(perMinute).toHaveValue("31");
  await main.getByRole("button", { name: "Save the policy" }).click();
  await expect(main.getByText("Calls in a minute: 30 → 31")).toBeVisible();

  await tab.getByRole("link", { name: "Connectors" }).first().click();
  await main.getByRole("button", { name: "Add a connector of your own" }).click();
  const sheet = tab.getByRole("dialog", { name: "A connector of your own" });
  await sheet.getByLabel("OpenAPI document").fill("openapi: 3.1.0");
  await tab.keyboard.press("Escape");
  await expect(question).toContainText("The new connector is not saved");
  await tab.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await expect(sheet.getByLabel("OpenAPI document")).toHaveValue("openapi: 3.1.0");
  await tab.keyboard.press("Escape");
  await question.getByRole("button", { name: "Discard it" }).click();
  await expect(sheet).toBeHidden();
});
