import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LLMock } from "@copilotkit/aimock";

import { connectorPolicySchema } from "../contract/features/connectors.ts";
import { addModel } from "./support/add-model.ts";
import { addProgram } from "./support/add-program.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

let folder: string;

test.beforeEach(async ({ portos }) => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "portos-restart-")));
  await addProgram(portos, "asker", "acp", "custom", "fake-acp-agent.mjs");
  await addProgram(portos, "writer", "cli", "gemini", "fake-cli.mjs");
});
test.afterEach(async ({ portos }) => {
  await portos.call("POST", "/api/approvals/deny-all");
  await rm(folder, { recursive: true, force: true });
});

async function start(portos: PortosFixture, providerId: string, text: string): Promise<string> {
  const { body, status } = await portos.call("POST", "/api/runs", {
    prompt: { kind: "text", text },
    choices: [{ providerId }],
    folder,
    permissionMode: "ask",
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as { runs: { id: string }[] }).runs[0]?.id ?? "";
}

async function pidOf(portos: PortosFixture, name: string): Promise<number | null> {
  const { body } = await portos.call("GET", "/api/processes").catch(() => ({ body: null }));
  const list = (body as { processes?: { name: string; pid: number | null; status: string }[] } | null)?.processes;
  const found = list?.find((one) => one.name === name && one.status === "online");
  return found?.pid ?? null;
}

/** Ends a process of the panel as a crash would; PM2 brings it back. */
async function killOutright(portos: PortosFixture, name: string): Promise<void> {
  const before = await pidOf(portos, name);
  if (before === null) throw new Error(`${name} does not run`);
  process.kill(before, "SIGKILL");
  await expect
    .poll(
      async () => {
        const now = await pidOf(portos, name);
        return now !== null && now !== before;
      },
      { timeout: 30_000 },
    )
    .toBe(true);
}

async function stateOf(portos: PortosFixture, id: string): Promise<unknown> {
  const { body } = await portos.call("GET", `/api/runs/${id}`);
  return (body as { state: string }).state;
}

test(
  "a run cut off by a crash of portos-cos goes on with one press, in the same session",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    test.setTimeout(120_000);
    const id = await start(portos, "asker", "say first words.\nhang");
    await page.goto(`/agents/${id}`);
    const transcript = page.getByRole("log", { name: /Transcript of/ });
    await expect(transcript.getByText("first words.", { exact: true })).toBeVisible({ timeout: 20_000 });
    await killOutright(portos, "portos-cos");
    await expect(page.getByText("portos-cos or the machine went away while it ran.").first()).toBeVisible();
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await expect(transcript.getByText("loaded;")).toBeVisible({ timeout: 20_000 });
    await expect.poll(() => stateOf(portos, id)).toBe("succeeded");
    await expect(page.getByRole("button", { name: "Resume", exact: true })).toBeHidden();
    await expect(transcript.getByText("first words.", { exact: true })).toHaveCount(1);
  },
);

test(
  "a question survives a crash of portos-server, and its answer counts",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    test.setTimeout(120_000);
    const id = await start(portos, "asker", "ask notes.md");
    await page.goto(`/agents/${id}`);
    const question = page.getByRole("group", { name: /Question: Edit/ });
    await expect(question).toBeVisible({ timeout: 20_000 });
    const asked = (await portos.call("GET", "/api/approvals")).body as { pending: { id: string }[] };
    await killOutright(portos, "portos-server");
    const after = (await portos.call("GET", "/api/approvals")).body as { pending: { id: string }[] };
    expect(after.pending.map((one) => one.id)).toEqual(asked.pending.map((one) => one.id));
    await question.getByRole("button", { name: "Allow once" }).click();
    await expect.poll(() => stateOf(portos, id), { timeout: 20_000 }).toBe("succeeded");
    expect(await readFile(join(folder, "notes.md"), "utf8")).toBe("new text\n");
  },
);

test(
  "what waits for its turn runs once after a crash of portos-cos, by itself",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    test.setTimeout(120_000);
    const busy: string[] = [];
    for (let at = 0; at < 4; at += 1) busy.push(await start(portos, "writer", "wait 9000\nsay done"));
    const id = await start(portos, "writer", "say my turn");
    await expect
      .poll(async () => Promise.all(busy.map((one) => stateOf(portos, one))))
      .toEqual(Array(4).fill("running"));
    expect(await stateOf(portos, id)).toBe("queued");
    await page.goto(`/agents/${id}`);
    await killOutright(portos, "portos-cos");
    const transcript = page.getByRole("log", { name: /Transcript of/ });
    await expect(transcript.getByText("my turn", { exact: true })).toBeVisible({ timeout: 40_000 });
    for (const one of [...busy, id]) {
      await expect.poll(() => stateOf(portos, one), { timeout: 30_000 }).toBe("succeeded");
      const { body } = await portos.call("GET", `/api/runs/${one}`);
      expect((body as { attempts: unknown[] }).attempts).toHaveLength(1);
    }
  },
);

test(
  "a model over HTTP uses its tools after a crash of portos-server as before",
  { tag: "@desktop" },
  async ({ page, portos }) => {
    test.setTimeout(120_000);
    const mock = new LLMock({ port: 0, logLevel: "silent" });
    await mock.start();
    const site = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" }).end("High water at noon.");
    });
    await new Promise<void>((resolve) => {
      site.listen(0, "127.0.0.1", resolve);
    });
    const place = `127.0.0.1:${String((site.address() as AddressInfo).port)}`;
    const call = { name: "web-fetch__fetch", arguments: JSON.stringify({ url: `http://${place}/tides` }) };
    mock.onMessage("find the tides", { toolCalls: [call] });
    mock.prependFixture({ match: { hasToolResult: true }, response: { content: "At noon" } });
    try {
      await addModel(portos, { url: `${mock.url}/v1`, close: () => Promise.resolve() }, "caller");
      await portos.call("PUT", "/api/gateway/mode", { mode: "online" });
      await portos.call("PUT", "/api/connectors/web-fetch/policy", connectorPolicySchema.parse({ insides: [place] }));
      await portos.call("POST", "/api/connectors/web-fetch/enable");
      const id = await start(portos, "caller", "find the tides");
      await page.goto(`/agents/${id}`);
      const question = page.getByRole("group", { name: /^Question/ });
      await expect(question).toBeVisible({ timeout: 20_000 });
      await killOutright(portos, "portos-server");
      await question.getByRole("button", { name: "Allow once" }).click();
      await expect.poll(() => stateOf(portos, id), { timeout: 40_000 }).toBe("succeeded");
      const { body } = await portos.call("GET", `/api/evidence?caller=agent&callerId=${id}`);
      const { items } = body as { items: { operation: string; outcome: string }[] };
      expect(items).toMatchObject([{ operation: "fetch", outcome: "done" }]);
    } finally {
      await mock.stop();
      site.closeAllConnections();
      site.close();
    }
  },
);
