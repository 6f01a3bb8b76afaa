import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import type { VariableInput } from "../../../contract/features/variables.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { startCos } from "../../../cos/app.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { spawnChild } from "../../../lib/processes/spawn-child.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended, outputOf } from "./testing/automation-app.ts";

let program = "";
let home = "";
const usualHome = process.env["HOME"];

beforeAll(async () => {
  program = await bundleProgram("server/main.ts");
  // start files of the login shell belong to whoever runs the tests: they may take long or wait for each other
  home = await mkdtemp(join(tmpdir(), "portos-home-"));
  process.env["HOME"] = home;
});

afterAll(async () => {
  process.env["HOME"] = usualHome;
  await rm(program, { force: true });
  await rm(home, { recursive: true, force: true });
});

interface Place {
  app: TestApp;
  directory: string;
  /** Ends portos-cos and removes the folder; portos-server has been stopped before. */
  end(): Promise<void>;
}

/** portos-server and portos-cos for real, in one folder of their own. */
async function startPlace(): Promise<Place> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "portos-automations-")));
  const app = await startTestApp({ directory });
  const cos = await startCos({ env: app.env, logger: silentLogger, port: app.env.ports.cos });
  await until(() => app.app.core.cos.isUp());
  return {
    app,
    directory,
    async end() {
      await cos.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function shell(line: string, folder: string, changes: { timeLimitMs?: number; environment?: VariableInput[] } = {}) {
  const { timeLimitMs = 60_000, environment = [] } = changes;
  return byHand({ kind: "command", command: { kind: "shell", line }, folder, timeLimitMs, environment });
}

async function start(app: TestApp, input: AutomationInput): Promise<Occurrence> {
  const { automation } = await app.call("automations.create", { body: input });
  return app.call("automations.run", { params: { id: automation.id } });
}

describe("a command", () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace();
  });
  afterAll(async () => {
    await place.app.stop();
    await place.end();
  });

  it("runs in its folder with its variables, its output and exit code kept", async () => {
    const { app, directory } = place;
    const row = await start(
      app,
      shell('pwd; echo "$GREETING grüße"; exit 3', directory, {
        environment: [{ name: "GREETING", value: "hello", isSecret: false }],
      }),
    );
    expect(await ended(app, row.id)).toMatchObject({ state: "failed", reason: "Exit code 3", exitCode: 3 });
    expect(await outputOf(app, row.id)).toBe(`${directory}\nhello grüße\n`);
    const kept = await readFile(join(app.env.dataDir, "automations", "output", `${row.id}.log`), "utf8");
    expect(kept).toContain("grüße");
  });

  it("gets its secrets, and shows them nowhere", async () => {
    const { app, directory } = place;
    const environment = [{ name: "WORD", value: "open-sesame-4711", isSecret: true }];
    const line = 'test "$WORD" = open-sesame-4711 && printf "%s" open- && sleep 1 && echo "sesame-4711 $WORD" >&2';
    const row = await start(
      app,
      shell(line.replaceAll("open-sesame-4711", '"open-sesame-"4711'), directory, { environment }),
    );
    expect(await ended(app, row.id)).toMatchObject({ state: "succeeded", exitCode: 0 });
    expect(await outputOf(app, row.id)).toBe("[redacted] [redacted]\n");
    const kept = await readFile(join(app.env.dataDir, "automations", "output", `${row.id}.log`), "utf8");
    expect(kept).toBe("[redacted] [redacted]\n");
  });

  it("given as arguments is interpreted by no shell", async () => {
    const { app, directory } = place;
    const command = { kind: "arguments" as const, arguments: ["echo", "$HOME", "; rm -rf x", "`id`"] };
    const row = await start(
      app,
      byHand({ kind: "command", command, folder: directory, timeLimitMs: 10_000, environment: [] }),
    );
    expect(await ended(app, row.id)).toMatchObject({ state: "succeeded", exitCode: 0 });
    expect(await outputOf(app, row.id)).toBe("$HOME ; rm -rf x `id`\n");
  });

  it("that does not exist is a failure with a reason", async () => {
    const { app, directory } = place;
    const command = { kind: "arguments" as const, arguments: ["no-such-program-here"] };
    const row = await start(
      app,
      byHand({ kind: "command", command, folder: directory, timeLimitMs: 10_000, environment: [] }),
    );
    const failed = await ended(app, row.id);
    expect(failed.state).toBe("failed");
    expect(failed.reason).toContain("no-such-program-here");
  });

  it("is ended at its time limit with everything it started", async () => {
    const { app, directory } = place;
    const row = await start(app, shell("sleep 300 & echo $!; wait", directory, { timeLimitMs: 1_000 }));
    expect(await ended(app, row.id)).toMatchObject({ state: "failed", reason: "Ended at its time limit of 1 s" });
    const pid = Number(await outputOf(app, row.id));
    await until(() => !isAlive(pid));
  });

  it("can be cancelled, and is shown while it runs", async () => {
    const { app, directory } = place;
    const row = await start(app, shell("echo begun; sleep 300", directory));
    await until(async () => {
      const part = await app.call("automations.output", { params: { id: row.id }, query: {} });
      return part.text === "begun\n" && !part.isComplete;
    });
    await app.call("automations.cancel", { params: { id: row.id } });
    expect(await ended(app, row.id)).toMatchObject({ state: "cancelled", reason: "Cancelled by this machine" });
  });

  it("leaves no session behind once its end is recorded", async () => {
    const { app, directory } = place;
    const row = await start(app, shell("true", directory));
    await ended(app, row.id);
    await until(async () => (await app.app.core.cos.list()).every(({ owner }) => owner.id !== row.id));
  });

  it("that prints much keeps the beginning and the end", async () => {
    const { app, directory } = place;
    const row = await start(app, shell("seq 1 1500000", directory));
    const end = await ended(app, row.id, 60_000);
    expect(end.state).toBe("succeeded");
    const kept = await readFile(join(app.env.dataDir, "automations", "output", `${row.id}.log`), "utf8");
    expect(kept.startsWith("1\n2\n3\n")).toBe(true);
    expect(kept.endsWith("1499999\n1500000\n")).toBe(true);
    expect(kept.length).toBeLessThan(7.5 * 1024 * 1024);
  });
});

describe("a command that runs while portos-server", () => {
  it("restarts goes on and its end is recorded once", async () => {
    const place = await startPlace();
    const { directory } = place;
    const row = await start(place.app, shell("echo one; while [ ! -e go ]; do sleep 0.05; done; echo two", directory));
    await until(async () => (await outputSoFar(place.app, row.id)) === "one\n");
    await place.app.stop();
    const second = await startTestApp({ directory, variables: portOf(place.app) });
    try {
      expect((await second.call("automations.occurrence", { params: { id: row.id } })).state).toBe("running");
      await writeFile(join(directory, "go"), "");
      expect(await ended(second, row.id)).toMatchObject({ state: "succeeded", exitCode: 0 });
      expect(await outputOf(second, row.id)).toBe("one\ntwo\n");
      const { items } = await second.call("automations.occurrences", { query: {} });
      expect(items.map(({ id }) => id)).toEqual([row.id]);
    } finally {
      await second.stop();
      await place.end();
    }
  });

  it("is killed and started again, round after round, runs exactly once per due time", async () => {
    const place = await startPlace();
    const { app, directory } = place;
    const input = shell("echo ran >> runs.txt", directory);
    const schedule = { kind: "interval" as const, everyMs: 1_000, anchor: new Date().toISOString() };
    const { automation } = await app.call("automations.create", {
      body: { ...input, schedule, overlapPolicy: "queue-one" },
    });
    await app.call("automations.enable", { params: { id: automation.id } });
    await app.stop();
    const variables = { ...environmentOf(app), ...portOf(app) };
    for (let round = 0; round < 6; round += 1) {
      const logFile = join(directory, `server-${round}.log`);
      const child = await spawnChild(process.execPath, [program], { cwd: process.cwd(), logFile, env: variables });
      await until(async () => (await fetch(`${app.base}/api/automations`).catch(() => null))?.ok === true);
      await new Promise((resolve) => setTimeout(resolve, 900 + 230 * round));
      process.kill(child.pid, "SIGKILL");
      await child.exited;
    }
    const last = await startTestApp({ directory, variables: portOf(app) });
    try {
      await last.call("automations.disable", { params: { id: automation.id } });
      await until(
        async () => (await last.call("automations.get", { params: { id: automation.id } })).state.open.length === 0,
      );
      const { items } = await last.call("automations.occurrences", { query: { limit: 200 } });
      const dues = items.map(({ due }) => due);
      expect(new Set(dues).size).toBe(dues.length);
      const ran = items.filter(({ state }) => state === "succeeded").length;
      const unclear = items.filter(({ state }) => state === "interrupted").length;
      const lines = (await readFile(join(directory, "runs.txt"), "utf8")).split("\n").length - 1;
      expect(ran).toBeGreaterThan(5);
      expect(lines).toBeGreaterThanOrEqual(ran);
      expect(lines).toBeLessThanOrEqual(ran + unclear);
      // rows stand in the order in which they ended: one that waited ends after a later one that was skipped
      const times = dues.map((due) => Date.parse(due));
      expect(dues.length).toBe((Math.max(...times) - Math.min(...times)) / 1_000 + 1);
    } finally {
      await last.stop();
      await place.end();
    }
  });
});

async function outputSoFar(app: TestApp, id: string): Promise<string> {
  return (await app.call("automations.output", { params: { id }, query: {} })).text;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // there is no such process
  }
}

function portOf(app: TestApp): Record<string, string> {
  return { PORTOS_BASE_PORT: String(app.env.ports.server) };
}

function environmentOf(app: TestApp): Record<string, string> {
  return {
    NODE_ENV: "test",
    HOST: "127.0.0.1",
    PORTOS_DATA_DIR: app.env.dataDir,
    PORTOS_STATE_DIR: app.env.stateDir,
    PORTOS_CONFIG_DIR: app.env.configDir,
    PORTOS_USER_PM2_HOME: "none",
  };
}
