import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, test } from "./support/test.ts";

test("a token is made for a program, which comes in with it, may what was said, and is cut off @desktop", async ({
  page: tab,
  portos,
}, info) => {
  test.setTimeout(240_000);
  const name = `Editor ${info.project.name}`;
  await tab.goto("/connectors?tab=mcp");
  const main = tab.getByRole("main");
  await expect(main.getByRole("heading", { name: "Set up a program" })).toBeVisible();
  await expectAccessible(tab, "MCP");
  await saveScreenshots(tab, info, "mcp-empty");

  await main.getByRole("button", { name: "New token" }).click();
  const sheet = tab.getByRole("dialog");
  await sheet.getByRole("button", { name: "Make the token" }).click();
  await expect(sheet.getByText("must not be empty")).toBeVisible();
  await sheet.getByLabel("Name").fill(name);
  await sheet.getByLabel("Change something or send it").check();
  await expect(sheet.getByText("Ask me before each call that changes something")).toBeVisible();
  await sheet.getByLabel("Terminals, without typing there").uncheck();
  await expectAccessible(tab, "A new token");
  await saveScreenshots(tab, info, "mcp-new-token");
  await sheet.getByRole("button", { name: "Make the token" }).click();

  await expect(sheet.getByText("Copy it now: it is not shown again.")).toBeVisible();
  const command = sheet.getByRole("region", { name: "Set-up of Claude Code" });
  const [secret = ""] = /portos_mcp_[\w-]+/.exec(await command.innerText()) ?? [];
  expect(secret).not.toBe("");
  await sheet.getByLabel("Program").selectOption("JetBrains AI Assistant");
  await expect(sheet.getByRole("region", { name: "Set-up of JetBrains AI Assistant" })).toContainText("mcp.js");
  await expectAccessible(tab, "A token that was just made");
  await saveScreenshots(tab, info, "mcp-token-made");
  await tab.keyboard.press("Escape");
  const row = main.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("not yet");
  await expect(row).toContainText("asks before changes");

  const client = new Client({ name: "editor", version: "3" });
  const requestInit = { headers: { Authorization: `Bearer ${secret}` } };
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", portos.url), { requestInit });
  await client.connect(transport);
  const names = (await client.listTools()).tools.map((tool) => tool.name);
  expect(names).toContain("read_logs");
  expect(names).not.toContain("read_terminal");
  const logs = await client.callTool({ name: "read_logs", arguments: { source: "portos/portos-server", lines: 5 } });
  expect(JSON.stringify(logs.content)).toContain("<<<data");
  await expect(row).toContainText("editor 3", { timeout: 20_000 });
  await saveScreenshots(tab, info, "mcp-tokens");

  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  await tab.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(row).toHaveCount(0);
  await expect(client.listTools()).rejects.toThrow(/token/);
});

test("what runs may use is changed, and said in a line @desktop", async ({ page: tab }, info) => {
  await tab.goto("/connectors?tab=mcp");
  const main = tab.getByRole("main");
  await main.getByRole("button", { name: "Change" }).click();
  const sheet = tab.getByRole("dialog");
  await sheet.getByLabel("Pages open in the browser").setChecked(info.project.name.includes("phone"));
  await expectAccessible(tab, "What runs may use");
  await saveScreenshots(tab, info, "mcp-runs");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toBeHidden();
  await expect(main.getByText(/Each run gets a token of its own/)).toContainText("apps, logs");
});
