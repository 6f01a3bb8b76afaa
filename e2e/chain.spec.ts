import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { LLMock } from "@copilotkit/aimock";
import type { Browser, Page } from "@playwright/test";

import { installRealAgents, openCodeEnvironment } from "../cos/agents/testing/real-agents.ts";
import { git } from "../lib/processes/git-command.ts";
import { makeRepository } from "../lib/testing/git-repository.ts";
import { expect, type PortosFixture, test } from "./support/test.ts";

const fakeAgent = join(import.meta.dirname, "../cos/agents/testing/fake-acp-agent.mjs");
/** What a person keeps beside the tasks: nothing of it is a task, so that nothing of it may change. */
const byHand = "\n## Ideas\t\n\n* a  list of   mine \n1) odd — 世界\n\n    - indented\n";

interface Work {
  title: string;
  instructions: string;
  agent: "custom" | "opencode";
  command: string[];
  environment?: Record<string, string>;
}

test.describe.configure({ timeout: 180_000 });

/** An app with a repository, this agent alone to work on it, and a task for it that is not to be started yet. */
async function prepare(portos: PortosFixture, { title, instructions, agent, command, environment = {} }: Work) {
  const repository = await makeRepository(join(portos.folder, title.replaceAll(" ", "-")), { "readme.md": "# Shop\n" });
  await portos.call("POST", "/api/panic/calm");
  const providers = (await portos.call("GET", "/api/providers")).body as { providers: { id: string }[] };
  for (const { id } of providers.providers) await portos.call("DELETE", `/api/providers/${id}`);
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value, isSecret: false }));
  const input = { type: "acp", name: "Worker", agent, command, environment: variables };
  const added = await portos.call("POST", "/api/providers", { id: "worker", input });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
  expect((await portos.call("POST", "/api/providers/worker/enable")).status).toBe(200);
  const app = await portos.call("POST", "/api/apps", { name: title, folder: repository, processes: [] });
  const { tasks } = (await portos.call("GET", "/api/tasks")).body as { tasks: { id: string }[] };
  for (const { id } of tasks) await portos.call("DELETE", `/api/tasks/${id}`);
  expect((await portos.call("PUT", "/api/chief", { isOn: true, autonomy: "ask" })).status).toBe(200);
  const made = await portos.call("POST", "/api/tasks", {
    title,
    instructions,
    appId: (app.body as { id: string }).id,
    choice: { kind: "provider", providerId: "worker" },
    state: "draft",
  });
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  return { repository, taskId: (made.body as { id: string }).id };
}

const stateOf = async (portos: PortosFixture, taskId: string): Promise<unknown> =>
  ((await portos.call("GET", `/api/tasks/${taskId}`)).body as { state: string }).state;

/** At the desk the card is dragged to where work may begin. */
async function giveTask(page: Page, title: string): Promise<void> {
  await page.goto("/agents?tab=board");
  const card = page
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name: title, exact: true }) })
    .first();
  const from = await card.boundingBox();
  const to = await page.getByRole("region", { name: "Ready", exact: true }).boundingBox();
  if (!from || !to) throw new Error("The board has no place for the card");
  await page.mouse.move(from.x + 30, from.y + from.height - 6);
  await page.mouse.down();
  await page.mouse.move(to.x + 60, to.y + 90, { steps: 8 });
  await page.mouse.move(to.x + 60, to.y + 94, { steps: 2 });
  await page.mouse.up();
}

/** A phone, with nothing of the desk but the address. */
async function openPhone(browser: Browser, portos: PortosFixture): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    baseURL: portos.url,
  });
  return context.newPage();
}

/** portos-server ends as in a crash; PM2 brings it back. */
async function killServer(portos: PortosFixture): Promise<void> {
  const pid = async (): Promise<number | null> =>
    portos.call("GET", "/api/health").then(
      ({ body }) => (body as { pid: number }).pid,
      () => null, // not back yet
    );
  const before = await pid();
  if (before === null) throw new Error("portos-server does not answer");
  process.kill(before, "SIGKILL");
  await expect
    .poll(
      async () => {
        const now = await pid();
        return now !== null && now !== before;
      },
      { timeout: 30_000 },
    )
    .toBe(true);
}

interface Chain {
  page: Page;
  phone: Page;
  portos: PortosFixture;
  title: string;
  repository: string;
  taskId: string;
  file: string;
  content: string;
  whileItAsks?: () => Promise<void>;
}

async function goThrough(chain: Chain): Promise<void> {
  const { page, phone, portos, title, repository, taskId, file, content } = chain;
  const tasksFile = join(portos.dataDir, "TASKS.md");
  await giveTask(page, title);
  await expect.poll(() => stateOf(portos, taskId), { timeout: 60_000 }).toBe("waiting");
  await writeFile(tasksFile, `${await readFile(tasksFile, "utf8")}${byHand}`);
  await chain.whileItAsks?.();

  await phone.goto("/approvals");
  const question = phone.getByRole("group", { name: /^Question: / });
  await expect(question).toContainText(file);
  await question.getByRole("button", { name: "Allow once" }).click();
  await expect(question).toHaveCount(0);
  await expect.poll(() => stateOf(portos, taskId), { timeout: 60_000 }).toBe("review");
  await expect(readFile(join(repository, file)), "only the worktree has it").rejects.toThrow();

  await page.goto(`/agents/tasks/${taskId}`);
  await page
    .getByRole("link", { name: /^Review/ })
    .first()
    .click();
  const main = page.getByRole("main");
  await expect(main.getByRole("region", { name: file }).getByText(content.trim())).toBeVisible();
  await expect(main.getByText("Merges cleanly into")).toBeVisible();
  await page.getByRole("button", { name: "Merge…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Merge", exact: true }).click();
  await expect(main.getByText("Merged into main")).toBeVisible();

  expect(await readFile(join(repository, file), "utf8")).toBe(content);
  expect(await git(repository, ["status", "--porcelain"])).toBe("");
  await expect.poll(() => stateOf(portos, taskId)).toBe("done");
  await expect.poll(async () => readFile(tasksFile, "utf8")).toMatch(new RegExp(`- \\[x\\] ${title}`));
  expect(await readFile(tasksFile, "utf8")).toContain(byHand);
}

test.afterEach(async ({ portos }) => {
  await portos.call("POST", "/api/approvals/deny-all");
  await portos.call("PUT", "/api/chief", { isOn: false });
  await portos.call("DELETE", "/api/providers/worker");
});

test(
  "a task given at the desk is allowed on a phone, reviewed and merged, while TASKS.md is edited by hand",
  { tag: "@desktop" },
  async ({ page, portos, browser }) => {
    const title = "List the names";
    const work = {
      title,
      instructions: "plan\nask names.txt",
      agent: "custom" as const,
      command: [process.execPath, fakeAgent],
    };
    const phone = await openPhone(browser, portos);
    const file = { file: "names.txt", content: "new text\n" };
    await goThrough({ page, phone, portos, title, ...file, ...(await prepare(portos, work)) });
    await phone.context().close();
  },
);

test(
  "OpenCode does a task over a crash of portos-server: asked on the phone, reviewed, merged",
  { tag: "@desktop" },
  async ({ page, portos, browser }) => {
    test.setTimeout(300_000);
    const programs = await installRealAgents();
    if (typeof programs === "string") {
      test.skip(true, `OpenCode could not be installed: ${programs}`);
      return;
    }
    const mock = new LLMock({ port: 0, logLevel: "silent" });
    await mock.start();
    mock.on({ hasToolResult: true }, { content: "The file is done." });
    const content = "made by an agent\n";
    mock.onMessage("make the file", { toolCalls: [{ name: "write", arguments: { filePath: "made.txt", content } }] });
    mock.onMessage(/[^]*/, { content: "Fine." });
    const title = "Make something";
    const phone = await openPhone(browser, portos);
    try {
      const command = [programs.opencode, "acp"];
      const work = {
        title,
        instructions: "make the file",
        agent: "opencode" as const,
        command,
        environment: openCodeEnvironment(mock.url),
      };
      const prepared = await prepare(portos, work);
      const file = { file: "made.txt", content };
      await goThrough({ page, phone, portos, title, ...file, ...prepared, whileItAsks: () => killServer(portos) });
    } finally {
      await phone.context().close();
      await mock.stop();
    }
  },
);
