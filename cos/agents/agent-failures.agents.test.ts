import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type FixtureOpts, LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { RunTarget } from "../../contract/internal/runs.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../scripts/lib/bundle-program.mjs";
import {
  geminiTarget,
  installRealAgents,
  makeAgentHome,
  openCodeTarget,
  type RealAgents,
} from "./testing/real-agents.ts";
import { clientOf, defaults } from "./testing/test-runs.ts";

const programs = await installRealAgents();
const isMissing = typeof programs === "string";

const basePort = await freePort();
const runs = clientOf(basePort + 4);
const mock = new LLMock({ port: 0, logLevel: "silent" });
let folder = "";
let home = "";
let program = "";
let cos: ChildProcess | null = null;

async function startCos(): Promise<void> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    PORTOS_BASE_PORT: String(basePort),
    PORTOS_DATA_DIR: join(home, "data"),
    PORTOS_STATE_DIR: join(home, "state"),
    PORTOS_CONFIG_DIR: join(home, "config"),
  };
  cos = spawn(process.execPath, [program], { env, stdio: "ignore" });
  await until(
    () =>
      runs.client.list({ query: { isOpen: "true" } }).then(
        () => true,
        () => false, // not there yet
      ),
    20_000,
  );
}

async function endCos(signal: NodeJS.Signals): Promise<void> {
  const child = cos;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

beforeAll(async () => {
  if (isMissing) return;
  home = await makeAgentHome();
  folder = await mkdtemp(join(tmpdir(), "portos-agents-work-"));
  program = await bundleProgram("cos/main.ts");
  await mkdir(join(home, "data"));
  await mock.start();
  await startCos();
  // OpenCode makes its database at its first start, which several at once do not survive.
  answer("warm up", "Warm.");
  const { id } = await start("warm up", openCode("headless"));
  await runs.ended(id, 60_000);
});
afterAll(async () => {
  if (isMissing) return;
  await endCos("SIGTERM");
  await mock.stop();
  await rm(program);
  for (const each of [home, folder]) await rm(each, { recursive: true, force: true });
});

const known = programs as RealAgents;
const openCode = (engine: "acp" | "headless", more: Partial<RunTarget> = {}): RunTarget =>
  Object.assign(openCodeTarget(known, engine, { home, mockUrl: mock.url }), more);
const gemini = (engine: "acp" | "headless"): RunTarget => geminiTarget(known, engine, { home, mockUrl: mock.url });
/** Who is asked next. */
const second = (): RunTarget =>
  Object.assign(geminiTarget(known, "headless", { home, mockUrl: mock.url }, "gemini-2.5-pro"), {
    providerId: "second",
  });
/** Has time enough for its turn among many. */
const patient = (): RunTarget => Object.assign(gemini("headless"), { timeoutMs: 170_000 });
const agents = [
  ["OpenCode", openCode],
  ["Gemini CLI", gemini],
] as const;

const start = (text: string, ...targets: RunTarget[]) =>
  runs.client.start({ body: { ...defaults(folder), text, targets } });

/** What the model answers to a prompt that holds this word. */
function answer(word: string, content: string, options: FixtureOpts = {}): void {
  mock.onMessage(word, { content }, options);
}

/** The first request with this word gets what is wrong, all others a good answer. */
function wrongOnce(word: string, response: Parameters<LLMock["onMessage"]>[1], options: FixtureOpts = {}): void {
  let isServed = false;
  const serve = (): typeof response => {
    isServed = true;
    return response;
  };
  const predicate = ({ tools }: { tools?: unknown[] | undefined }): boolean => !isServed && (tools ?? []).length > 0;
  mock.on({ userMessage: word, predicate }, serve as Parameters<LLMock["on"]>[1], options);
  answer(word, "Good, 世界.");
}

/** Processes of this run, by their environment. */
async function processesOf(id: string): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")), // it has ended meanwhile
  );
  return pids.filter((_, at) => environments[at]?.includes(id)).map(Number);
}

async function expectSecond(id: string, failure: string): Promise<void> {
  const run = await runs.ended(id, 90_000);
  const said = JSON.stringify(run.attempts.map(({ message }) => message));
  expect(
    run.attempts.map((attempt) => attempt.failure),
    said,
  ).toEqual([failure, null]);
  expect(await runs.answer(id)).toContain("From the second one.");
  expect(await processesOf(id)).toEqual([]);
}

const limit = {
  error: { message: "Rate limit reached, slow down", type: "rate_limit_error" },
  status: 429,
  retryAfter: 1,
};

describe.skipIf(isMissing)(
  isMissing ? `real agents: skipped, could not be installed (${programs})` : "real agents when something breaks",
  () => {
    describe.concurrent("a model that fails once", () => {
      it.each(agents)("%s goes on after a limit", async (name, target) => {
        const word = `limit-${name}`;
        wrongOnce(word, limit);
        const { id } = await start(word, target("headless"));
        const run = await runs.ended(id, 60_000);
        expect(run.state, run.message ?? "").toBe("succeeded");
        expect(await runs.answer(id)).toContain("Good, 世界.");
      });

      it.each(agents)("%s asks again after half a stream", async (name, target) => {
        const word = `half-${name}`;
        wrongOnce(word, { content: "word ".repeat(200) }, { chunkSize: 20, truncateAfterChunks: 5 });
        const { id } = await start(word, target("headless"));
        const run = await runs.ended(id, 60_000);
        expect(run.state, run.message ?? "").toBe("succeeded");
        expect(await runs.answer(id)).toContain("Good, 世界.");
      });
    });

    describe.concurrent("a program that gets nowhere makes room for the next one", () => {
      it("OpenCode, which tries again for ever at a limit, is given up after its time", async () => {
        const word = "always-limited";
        mock.on({ userMessage: word, model: "mock-model" }, limit);
        answer(word, "From the second one.");
        const { id } = await start(word, openCode("headless", { timeoutMs: 8_000 }), second());
        await expectSecond(id, "timeout");
      });

      it("Gemini CLI ends by itself when the model sends garbage", async () => {
        const word = "always-garbage";
        mock.on({ userMessage: word, model: "gemini-2.5-flash" }, { content: "" }, { chaos: { malformedRate: 1 } });
        answer(word, "From the second one.");
        const { id } = await start(word, gemini("headless"), second());
        await expectSecond(id, "crashed");
      });

      it.each(agents)("%s, killed in the middle", async (name, target) => {
        const word = `killed-${name}`;
        const own = name === "OpenCode" ? "mock-model" : "gemini-2.5-flash";
        mock.on({ userMessage: word, model: own }, { content: "word ".repeat(2_000) }, { latency: 50, chunkSize: 5 });
        answer(word, "From the second one.");
        const { id } = await start(word, target("acp"), second());
        await expect.poll(async () => (await runs.answer(id)).length, { timeout: 60_000 }).toBeGreaterThan(5);
        for (const pid of await processesOf(id)) process.kill(pid, "SIGKILL");
        await expectSecond(id, "crashed");
      });
    });

    it("kill -9 of portos-cos: a headless program is taken up again, one over ACP goes on in its session", async () => {
      const said = Array.from({ length: 60 }, (_, at) => `<${at}>`).join(" ");
      answer("slowly headless", said, { latency: 60, chunkSize: 4 });
      answer("slowly over ACP", said, { latency: 200, chunkSize: 4 });
      const headless = await start("slowly headless", gemini("headless"));
      const acp = await start("slowly over ACP", openCode("acp"));
      for (const { id } of [headless, acp])
        await expect.poll(async () => runs.answer(id), { timeout: 60_000 }).toContain("<2>");
      await endCos("SIGKILL");
      await startCos();
      expect(await runs.ended(headless.id, 60_000)).toMatchObject({ state: "succeeded", attempts: [{}] });
      expect(await runs.answer(headless.id)).toContain(said);
      expect(await runs.client.get({ params: { id: acp.id } })).toMatchObject({
        state: "interrupted",
        canContinue: true,
      });
      expect(await processesOf(acp.id)).toEqual([]);
      mock.prependFixture({ match: { predicate: () => true }, response: { content: "Done after all." } });
      await runs.client.resume({ params: { id: acp.id }, body: { targets: [openCode("acp")] } });
      expect(await runs.ended(acp.id, 60_000)).toMatchObject({ state: "succeeded" });
      expect(await runs.answer(acp.id)).toContain("Done after all.");
    });

    it("twenty at once: each gets its own answer, and nothing is left of any", async () => {
      mock.reset();
      const words = Array.from({ length: 20 }, (_, at) => `number-${at}-`);
      for (const word of words) answer(word, `Answer to ${word}.`);
      await runs.client.limits({ body: { total: 20, perApp: 20, perProvider: 20 } });
      const started = await Promise.all(words.map((word) => start(word, patient())));
      for (const [at, { id }] of started.entries()) {
        expect(await runs.ended(id, 170_000)).toMatchObject({ state: "succeeded", attempts: [{}] });
        expect(await runs.answer(id)).toContain(`Answer to ${words[at]}.`);
        expect(await processesOf(id)).toEqual([]);
      }
    });
  },
);
