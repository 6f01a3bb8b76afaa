import { startAuthorizationServer, startSignedServer } from "../server/connectors/custom/mcp/testing/signed-server.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

test("an MCP server that wants a sign-in is added, signed in to on its page, called, and signed out of", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(120_000);
  const authorization = await startAuthorizationServer();
  const server = await startSignedServer(authorization);
  const { host } = new URL(authorization.origin);
  const id = `signed-${info.project.name}`;
  try {
    await tab.goto("/connectors?own=new");
    const main = tab.getByRole("main");
    const sheet = tab.getByRole("dialog");
    await sheet.getByRole("combobox", { name: "How it is made" }).click();
    await tab.getByRole("option", { name: "An MCP server" }).click();
    await sheet.getByRole("textbox", { name: "Title" }).fill(`Signed ${info.project.name}`);
    await sheet.getByText("An address", { exact: true }).click();
    await sheet.getByRole("textbox", { name: "Address" }).fill(server.url);
    await sheet
      .getByRole("switch", { name: /lies on this machine/ })
      .locator("xpath=..")
      .click();
    await sheet.getByRole("button", { name: "Look for its tools" }).click();
    await expect(sheet.getByRole("status")).toContainText(`on its own page, at ${host}`);
    await expectAccessible(tab, "A server that wants a sign-in");
    await saveScreenshots(tab, info, "sign-in-offer");
    await sheet.getByRole("button", { name: "Add, turned off, and sign in" }).click();
    await expect(tab).toHaveURL(new RegExp(`/connectors/${id}`));

    const section = main.getByRole("region", { name: "Sign-in" });
    await expect(section).toContainText("lets in only who has signed in");
    await saveScreenshots(tab, info, "sign-in-needed");
    await section.getByRole("button", { name: "Sign in" }).click();
    await expect(section).toContainText(`signs in at ${host}`);
    await expectAccessible(tab, "Where one signs in");
    await saveScreenshots(tab, info, "sign-in-where");
    const opened = tab.context().waitForEvent("page");
    await section.getByRole("button", { name: `Go to ${host}` }).click();
    const page = await opened;
    await expect(page.getByRole("heading")).toHaveText(`Signed in to Signed ${info.project.name}`);
    await expectAccessible(page, "The way back");
    await saveScreenshots(page, info, "sign-in-done");
    await page.reload();
    await expect(page.getByRole("heading")).toHaveText(`Signed in to Signed ${info.project.name} already`);
    await page.getByRole("link", { name: `Back to Signed ${info.project.name}` }).click();
    await expect(page).toHaveURL(new RegExp(`/connectors/${id}`));
    await expect(page.getByRole("main")).toBeVisible();
    await page.close();

    await expect(section).toContainText(`Signed in at ${host}`);
    await expect(section).toContainText(`Turn Signed ${info.project.name} on, then ask for its tools`);
    await expectAccessible(tab, "Signed in, and what is next");
    await saveScreenshots(tab, info, "sign-in-active");
    await portos.call("POST", `/api/connectors/${id}/enable`);
    await section.getByRole("link", { name: "ask for its tools" }).click();
    await expect(tab).toHaveURL(/tab=tools/);
    await main.getByRole("button", { name: "Ask for its tools anew" }).click();
    await main.getByRole("button", { name: "Accept: count" }).click();
    await expect(main.getByRole("list", { name: "Accepted" })).toContainText("count");
    await expect(section).toBeHidden();
    const called = await portos.call("POST", `/api/connectors/${id}/operations/count/execute`, { params: { by: 3 } });
    expect(called).toMatchObject({ status: 200, body: { output: { text: "3" } } });

    authorization.access.clear();
    authorization.refresh.clear();
    const refused = await portos.call("POST", `/api/connectors/${id}/operations/count/execute`, { params: {} });
    expect(refused.status).toBe(409);
    await expect(section).toContainText("The sign-in has ended");
    await expectAccessible(tab, "A sign-in that has ended");
    await saveScreenshots(tab, info, "sign-in-ended");
    await section.getByRole("button", { name: "Sign in again" }).click();
    const again = tab.context().waitForEvent("page");
    await section.getByRole("button", { name: `Go to ${host}` }).click();
    await expect((await again).getByRole("heading")).toContainText("Signed in to");
    await expect(section).toBeHidden();
    await tab.goto(`/connectors/${id}?tab=configure`);
    await section.getByRole("button", { name: "Sign out" }).click();
    await expect(tab.getByText(`${host} was told so`)).toBeVisible();
    await expect(section).toContainText("lets in only who has signed in");
  } finally {
    await portos.call("DELETE", `/api/custom-connectors/${id}`);
    await server.stop();
    await authorization.stop();
  }
});

test("where programs do not register themselves the page asks for a client id, and says what to register @desktop", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(90_000);
  const authorization = await startAuthorizationServer({ canRegister: false });
  const server = await startSignedServer(authorization);
  const id = `client-${info.project.name}`;
  try {
    await portos.call("POST", "/api/mcp-connectors", {
      definition: {
        kind: "mcp",
        id,
        title: "Client",
        server: { kind: "http", url: server.url, isInside: true, auth: { kind: "oauth" } },
      },
    });
    await tab.goto(`/connectors/${id}`);
    const section = tab.getByRole("main").getByRole("region", { name: "Sign-in" });
    await section.getByRole("button", { name: "Sign in" }).click();
    const address = await section.getByRole("textbox", { name: "Address to register" }).inputValue();
    expect(new URL(address).origin).toBe(new URL(portos.url).origin);
    authorization.clients.set("portos", {
      client_id: "portos",
      client_secret: "a-secret-of-the-client",
      redirect_uris: [address],
    });
    await saveScreenshots(tab, info, "sign-in-client");
    await expectAccessible(tab, "A client id");
    await section.getByRole("textbox", { name: "Client id" }).fill("portos");
    await section.getByLabel("Client secret").fill("a-secret-of-the-client");
    await section.getByRole("button", { name: "Save and go on" }).click();
    const { host } = new URL(authorization.origin);
    const opened = tab.context().waitForEvent("page");
    await section.getByRole("button", { name: `Go to ${host}` }).click();
    await expect((await opened).getByRole("heading")).toContainText("Signed in to Client");
  } finally {
    await portos.call("DELETE", `/api/custom-connectors/${id}`);
    await server.stop();
    await authorization.stop();
  }
});
