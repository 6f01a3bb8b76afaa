import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { createAutofixerApp } from "../../../autofixer/app.ts";
import { appInputSchema } from "../../../contract/features/apps.ts";
import type { Repair } from "../../../contract/features/repairs.ts";
import { startCos } from "../../../cos/app.ts";
import { parseEnv } from "../../../lib/env.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createPm2Client } from "../../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../../lib/processes/pm2-daemon.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import { freePort } from "../../../lib/testing/free-port.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const runtimeDir = dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
const agentFile = fileURLToPath(new URL("testing/mending-agent.mjs", import.meta.url));
const quick = {
  policy: { pausesMs: [100], stableMs: 1_500, loopLimit: 12, settleMs: 500, goneMs: 1_200 },
  lookMs: 500,
  flushMs: 150,
};
const patient = { timeout: 60_000, interval: 100 };

let directory = "";
let folder = "";
let panel: TestApp;
let cos: Awaited<ReturnType<typeof startCos>>;
let autofixer: Awaited<ReturnType<typeof createAutofixerApp>>;
let variables: Record<string, string>;

const timing = { watchMs: 5_000, sampleMs: 500, lookMs: 200 };
const startPanel = (): Promise<TestApp> => startTestApp({ directory, variables, repairs: { timing } });

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "pr-")));
  variables = { PORTOS_BASE_PORT: String(await freePort()) };
  await startPm2Daemon({ directory: join(directory, "state/pm2"), runtimeDir, cwd: directory });
  const env = parseEnv(
    {
      NODE_ENV: "test",
      PORTOS_DATA_DIR: join(directory, "data"),
      PORTOS_STATE_DIR: join(directory, "state"),
      PORTOS_CONFIG_DIR: join(directory, "config"),
      PORTOS_USER_PM2_HOME: "none",
      ...variables,
    },
    process.cwd(),
  );
  cos = await startCos({ env, logger: silentLogger, port: env.ports.cos });
  autofixer = await createAutofixerApp({ env, logger: silentLogger, timing: quick });
  await autofixer.start();
  panel = await startPanel();
  folder = join(directory, "blog");
  await makeApp();
}, 60_000);

afterEach(async () => {
  await panel.stop();
  await autofixer.stop();
  await cos.stop();
  const pm2 = createPm2Client({ home: "portos", directory: panel.env.pm2Home, logger: silentLogger });
  for (const { pmId } of await pm2.list()) await pm2.remove(pmId);
  await pm2.endDaemon();
  pm2.close();
  await expect.poll(() => readDaemonPid(panel.env.pm2Home)).toBeNull();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

/** Each run of the agent counts as twice a failure, like all work that was turned down, and none as a success. */
async function expectFailureLearned(): Promise<void> {
  await expect
    .poll(async () => {
      const [belief] = await panel.call("learning.list", { query: { type: "repair" } });
      return belief === undefined ? null : belief.success.mean - 1 / (2 + 2 * belief.runs);
    })
    .toBeCloseTo(0, 3);
}

async function git(...args: string[]): Promise<string> {
  const who = ["-c", "user.name=Anna", "-c", "user.email=anna@example.com"];
  const { code, stdout, stderr } = await runCommand("git", ["-C", folder, ...who, ...args], { timeoutMs: 20_000 });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A repository with an app that crashes at once, and a check that passes. */
async function makeApp(): Promise<void> {
  await mkdir(folder);
  const server = ['import { createServer } from "node:http";', "createServer().listen(0);", "", "broken();", ""];
  await writeFile(join(folder, "server.mjs"), server.join("\n"));
  await writeFile(join(folder, "check.mjs"), "process.exit(0);\n");
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--quiet", "--message=First");
  const run = { kind: "command" as const, command: [process.execPath, "server.mjs"] };
  const body = appInputSchema.parse({ id: "blog", name: "Blog", folder, processes: [{ name: "web", run }] });
  await panel.call("apps.create", { body });
  const checks = [{ name: "check", command: `'${process.execPath}' check.mjs`, timeoutMs: 20_000 }];
  await panel.call("worktrees.putSetup", { params: { app: "blog" }, body: { checks } });
}

async function addAgent(mends: string): Promise<void> {
  await panel.call("providers.create", {
    body: {
      id: "mender",
      input: {
        type: "cli",
        name: "Mender",
        agent: "gemini",
        command: [process.execPath, agentFile],
        environment: [{ name: "MENDS", value: mends, isSecret: false }],
      },
    } as never,
  });
  await panel.call("providers.enable", { params: { id: "mender" } });
}

async function crash(): Promise<void> {
  await panel.call("apps.start", { params: { id: "blog" } }).catch(() => undefined); // it ends while it starts
}

async function newest(): Promise<Repair | undefined> {
  return (await panel.call("repairs.list", { query: {} })).items[0];
}

/** Waits for a state; a failure shows where it stands instead. */
async function until(state: Repair["state"]): Promise<Repair> {
  const standing = async (): Promise<string> => {
    const repair = await newest();
    return repair?.state === state ? state : (repair?.reason ?? "There is no repair");
  };
  await expect.poll(standing, patient).toBe(state);
  const repair = await newest();
  if (!repair) throw new Error("The repair is gone");
  return repair;
}

test(
  "a crash is mended in a worktree, allowed, merged, watched; one tap takes it back",
  { timeout: 180_000 },
  async () => {
    await addAgent("well");
    await panel.call("repairs.setAppLevel", { params: { app: "blog" }, body: { level: "approve" } });
    await crash();
    const waiting = await until("waiting");
    expect(waiting).toMatchObject({
      isAutomatic: true,
      diagnosis: "server.mjs line 4 calls broken, which is not defined (evidence fenced, 24).",
      checks: [{ name: "check", before: { state: "succeeded" }, after: { state: "succeeded" } }],
      work: { files: 1, paths: ["server.mjs"] },
    });
    const review = await panel.call("reviews.get", { params: { id: waiting.runId ?? "" } });
    expect(review.checks).toMatchObject([{ name: "check", state: "succeeded", isStale: false }]);
    expect(await readFile(join(folder, "server.mjs"), "utf8")).toContain("broken();");

    // The server is away for a moment: the question is still there, and nothing was merged.
    await panel.stop();
    panel = await startPanel();
    const { pending } = await panel.call("approvals.list", {});
    expect(pending).toMatchObject([
      { subject: { kind: "repair", repairId: waiting.id, changes: [{ path: "server.mjs" }] } },
    ]);
    const [question] = pending;
    await panel.call("approvals.decide", {
      params: { id: question?.id ?? "" },
      body: { hash: question?.hash ?? "", answer: "allow", scope: "once" },
    });
    const repaired = await until("repaired");
    expect(await readFile(join(folder, "server.mjs"), "utf8")).not.toContain("broken");
    expect(repaired.merge?.commit).toBe(await git("rev-parse", "main"));
    expect(repaired.watch?.samples.every(({ isGood }) => isGood)).toBe(true);
    expect((await panel.call("apps.get", { params: { id: "blog" } })).status).toBe("online");
    const receipt = (await panel.call("notifications.list", {})).find(({ key }) => key === `repair:${repaired.id}`);
    expect(receipt).toMatchObject({ title: "blog/web is repaired", level: "success" });

    await panel.call("repairs.revert", { params: { id: repaired.id } });
    await until("reverted");
    expect(await readFile(join(folder, "server.mjs"), "utf8")).toContain("broken();");
    await expectFailureLearned();
  },
);

test(
  "a repair that does not hold is taken back by itself, and the incident's repair says so",
  { timeout: 180_000 },
  async () => {
    await addAgent("badly");
    const head = await git("rev-parse", "main");
    await panel.call("repairs.setAppLevel", { params: { app: "blog" }, body: { level: "apply" } });
    await crash();
    const reverted = await until("reverted");
    expect(reverted.reason).toMatch(/Taken back/);
    expect(reverted.revert).toMatchObject({ by: "PortOS", isAutomatic: true });
    expect(await git("rev-parse", "main^{tree}")).toBe(await git("rev-parse", `${head}^{tree}`));
    await expectFailureLearned();
    await panel.stop();
    panel = await startPanel();
    await expectFailureLearned();
  },
);

test("work that breaks a check that passed before is not merged", { timeout: 180_000 }, async () => {
  await addAgent("breaks-checks");
  const head = await git("rev-parse", "main");
  await panel.call("repairs.setAppLevel", { params: { app: "blog" }, body: { level: "apply" } });
  await crash();
  expect((await until("failed")).reason).toMatch(/^check does not pass any more/);
  expect(await git("rev-parse", "main")).toBe(head);
});
