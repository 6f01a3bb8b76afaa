import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startFakeGraphql } from "../server/connectors/custom/graphql/testing/fake-graphql.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

const program = fileURLToPath(new URL("../server/connectors/custom/mcp/testing/sample-server.mjs", import.meta.url));

test("an MCP server becomes a connector; a tool that changes is held back until it is accepted", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(90_000);
  const said = join(tmpdir(), `portos-e2e-said-${String(process.pid)}-${info.project.name}`);
  const id = `sample-${info.project.name}`;
  await tab.goto("/connectors?own=new");
  const main = tab.getByRole("main");
  const sheet = tab.getByRole("dialog");
  await sheet.getByRole("combobox", { name: "How it is made" }).click();
  await tab.getByRole("option", { name: "An MCP server" }).click();
  await sheet.getByRole("textbox", { name: "Title" }).fill(`Sample ${info.project.name}`);
  await expect(sheet.getByRole("textbox", { name: "Id" })).toHaveValue(id);
  await sheet.getByRole("textbox", { name: "Command" }).fill(`node '${program}'`);
  await sheet.getByRole("button", { name: "Add a variable" }).click();
  await sheet.getByLabel("Name of the variable").fill("SAMPLE_STATE");
  await sheet.getByLabel("Value of SAMPLE_STATE").fill(said);
  await expectAccessible(tab, "A new MCP server");
  await saveScreenshots(tab, info, "mcp-new");
  await sheet.getByRole("button", { name: "Look for its tools" }).click();
  await expect(sheet.getByText("sample 1.2.3 offers 4 tools; 1 are chosen.", { exact: false })).toBeVisible({
    timeout: 30_000,
  });
  await expect(sheet.getByRole("checkbox", { name: "Echo (echo)" })).toBeChecked();
  await sheet.getByRole("checkbox", { name: "wipe_all" }).check();
  await expect(sheet.getByRole("combobox", { name: "What wipe_all does" })).toHaveValue("Takes away for good");
  await expectAccessible(tab, "Tools of an MCP server");
  await saveScreenshots(tab, info, "mcp-choose");
  await sheet.getByRole("button", { name: "Add, turned off" }).click();
  await expect(tab).toHaveURL(new RegExp(`/connectors/${id}`));
  await portos.call("POST", `/api/connectors/${id}/enable`);
  await tab.goto(`/connectors/${id}?operation=echo`);
  await main.getByRole("textbox", { name: "Words" }).fill("hello from the page");
  await main.getByRole("button", { name: "Call", exact: true }).click();
  await expect(main.getByRole("region", { name: "What came back" })).toContainText("hello from the page");

  await writeFile(said, "Says the words again, and sends them to somebody.");
  await tab.goto(`/connectors/${id}?tab=tools`);
  await main.getByRole("button", { name: "Ask for its tools anew" }).click();
  const changed = main.getByRole("list", { name: "Changed since they were accepted" });
  await expect(changed).toContainText("sends them to somebody");
  await expect(main.getByRole("list", { name: "New" })).toContainText("addNote");
  await expectAccessible(tab, "Tools that have changed");
  await saveScreenshots(tab, info, "mcp-tools");
  const refused = await portos.call("POST", `/api/connectors/${id}/operations/echo/execute`, {
    params: { words: "x" },
  });
  expect(refused.status).toBe(403);
  await tab.goto("/connectors");
  await main.getByRole("link", { name: "Look at what has changed" }).click();
  await changed.getByRole("button", { name: "Accept it as it is now: echo" }).click();
  await expect(changed).toBeHidden();
  await main.getByRole("list", { name: "New" }).getByRole("button", { name: "Accept: addNote" }).click();
  await expect(main.getByRole("list", { name: "Accepted" })).toContainText("addNote");
  const taken = await portos.call("POST", `/api/connectors/${id}/operations/echo/execute`, { params: { words: "x" } });
  expect(taken.status).toBe(200);
  await portos.call("DELETE", `/api/custom-connectors/${id}`);
  await rm(said, { force: true });
});

test("a GraphQL service becomes a connector, with what is asked for changed by hand @desktop", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(90_000);
  const service = await startFakeGraphql(() => ({ issue: { id: "7" } }));
  try {
    await tab.goto("/connectors?own=new");
    const main = tab.getByRole("main");
    const sheet = tab.getByRole("dialog");
    await sheet.getByRole("combobox", { name: "How it is made" }).click();
    await tab.getByRole("option", { name: "From a GraphQL service" }).click();
    await sheet.getByRole("textbox", { name: "Address" }).fill(service.url);
    await sheet.getByRole("button", { name: "Ask what it offers" }).click();
    await expect(sheet.getByText(/must not be called/)).toBeVisible();
    await saveScreenshots(tab, info, "graphql-refused");
    await sheet
      .getByRole("switch", { name: /lies on this machine/ })
      .locator("xpath=..")
      .click();
    await sheet.getByRole("button", { name: "Ask what it offers" }).click();
    await expect(sheet.getByText("4 of 6 chosen")).toBeVisible();
    await sheet.getByRole("button", { name: "Choose none of these" }).click();
    await sheet.getByRole("checkbox", { name: "Issue", exact: true }).check();
    await sheet.getByText("What is asked for", { exact: true }).click();
    const query = sheet.getByRole("textbox", { name: "Query of Issue" });
    await expect(query).toHaveValue(/author/);
    await query.fill("query ($id: ID!) {\n  issue(id: $id) {\n    id\n  }\n}");
    await expectAccessible(tab, "Operations of a GraphQL service");
    await saveScreenshots(tab, info, "graphql-choose");
    await sheet.getByRole("button", { name: "Go on" }).click();
    await sheet.getByRole("textbox", { name: "Id" }).fill(`issues-${info.project.name}`);
    await sheet.getByRole("button", { name: "Add, turned off" }).click();
    await expect(tab).toHaveURL(new RegExp(`/connectors/issues-${info.project.name}`));
    await portos.call("POST", `/api/connectors/issues-${info.project.name}/enable`);
    await tab.reload();
    await main.getByRole("textbox", { name: "Id" }).fill("7");
    await main.getByRole("button", { name: "Call", exact: true }).click();
    await expect(main.getByRole("region", { name: "What came back" })).toContainText("7");
    expect(service.asked.at(-1)?.query).not.toContain("author");
    await portos.call("DELETE", `/api/custom-connectors/issues-${info.project.name}`);
  } finally {
    await service.stop();
  }
});

test("a program becomes a connector, and waits for the user when its file changes @desktop", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(90_000);
  const id = `lamps-${info.project.name}`;
  await tab.goto("/connectors?own=new");
  const main = tab.getByRole("main");
  const sheet = tab.getByRole("dialog");
  await sheet.getByRole("combobox", { name: "How it is made" }).click();
  await tab.getByRole("option", { name: "A program in TypeScript" }).click();
  await sheet.getByRole("textbox", { name: "Id" }).fill(id);
  await expect(sheet.getByRole("textbox", { name: "Program" })).toHaveValue(new RegExp(`id: "${id}"`));
  await expectAccessible(tab, "A new program");
  await saveScreenshots(tab, info, "module-new");
  await sheet.getByRole("button", { name: "Add, turned off" }).click();
  await expect(tab).toHaveURL(new RegExp(`/connectors/${id}`), { timeout: 30_000 });
  await tab.goto(`/connectors/${id}?tab=program`);
  await expect(main.getByText("It is accepted, and runs when it is called.", { exact: false })).toBeVisible();
  await saveScreenshots(tab, info, "module-program");
  const file = join(portos.dataDir, "connectors", `${id}.ts`);
  await writeFile(file, "export default 3;\n");
  await tab.goto("/connectors");
  await expect(main.getByText("has changed since it was accepted", { exact: false })).toBeVisible();
  await main.getByRole("button", { name: `Look at it: ${id}.ts` }).click();
  await sheet.getByRole("button", { name: "Accept it as it is" }).click();
  await expect(sheet.getByText(/defineConnector/).last()).toBeVisible({ timeout: 30_000 });
  await expectAccessible(tab, "A program that has changed");
  await saveScreenshots(tab, info, "module-changed");
  await portos.call("DELETE", `/api/custom-connectors/${id}`);
});
