import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { makeRepository } from "../lib/testing/git-repository.ts";
import { expectAccessible } from "./support/accessibility.ts";
import { saveScreenshots } from "./support/screenshot.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

const agentFile = fileURLToPath(new URL("../server/features/repairs/testing/mending-agent.mjs", import.meta.url));
const broken = 'import { createServer } from "node:http";\ncreateServer().listen(0);\n\nbroken();\n';

/** An app with a repository that crashes at once, and an agent that knows why. */
async function prepare(portos: PortosFixture, appId: string): Promise<string> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "portos-e2e-")));
  const folder = await makeRepository(join(home, "blog"), { "server.mjs": broken });
  const run = { kind: "command", command: [process.execPath, "server.mjs"] };
  await portos.call("DELETE", `/api/apps/${appId}`);
  const made = await portos.call("POST", "/api/apps", {
    id: appId,
    name: appId,
    folder,
    processes: [{ name: "web", run }],
  });
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
  // Whoever else is there might be thought the better one for repairs.
  const { providers } = (await portos.call("GET", "/api/providers")).body as { providers: { id: string }[] };
  for (const { id } of providers) await portos.call("DELETE", `/api/providers/${id}`);
  const input = { type: "cli", name: "Mender", agent: "gemini", command: [process.execPath, agentFile] };
  expect((await portos.call("POST", "/api/providers", { id: "mender", input })).status).toBe(200);
  await portos.call("POST", "/api/providers/mender/enable");
  await portos.call("POST", `/api/apps/${appId}/start`, {});
  return folder;
}

test(
  "an agent is asked about a crash; its work is applied, watched, and taken back",
  { tag: "@desktop" },
  async ({ page, portos }, info) => {
    const appId = `mended-${info.project.name.toLowerCase().replaceAll(/[^a-z]/g, "")}`;
    const folder = await prepare(portos, appId);
    await page.goto("/system?tab=incidents");
    const card = page.getByRole("article", { name: `Incident of ${appId}/web` });
    await card.getByRole("button", { name: /^Ask an agent about/ }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("button", { name: "Ask an agent to repair" }).click();
    const repair = sheet.getByRole("article", { name: `Repair of ${appId}/web` });
    await expect(repair).toContainText("calls broken, which is not defined", { timeout: 30_000 });
    await repair.getByRole("button", { name: "Apply" }).click({ timeout: 30_000 });
    await expect(repair).toContainText(/watched for 10 min/, { timeout: 30_000 });
    expect(await readFile(join(folder, "server.mjs"), "utf8")).not.toContain("broken");
    await saveScreenshots(page, info, "repair");
    await expectAccessible(page, "A repair");
    await repair.getByRole("button", { name: "Revert" }).click();
    await expect(repair).toContainText(/Taken back/, { timeout: 30_000 });
    await expect.poll(() => readFile(join(folder, "server.mjs"), "utf8")).toContain("broken");
    await portos.call("DELETE", `/api/apps/${appId}`);
    await portos.call("DELETE", "/api/providers/mender");
    await rm(dirname(folder), { recursive: true, force: true });
  },
);
