import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { internalWorktreesEndpoints } from "../../contract/internal/worktrees.ts";
import { createInternalClient } from "../../lib/internal-client.ts";
import { git } from "../../lib/processes/git-command.ts";
import { listGitWorktrees } from "../../lib/processes/git-repository.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { makeRepository } from "../../lib/testing/git-repository.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../scripts/lib/bundle-program.mjs";
import { cliTarget, clientOf, defaults } from "../agents/testing/test-runs.ts";
import { createBubblewrap } from "../../lib/processes/bubblewrap.ts";

const searchPath = (): string => process.env["PATH"] ?? "";
/** It may be installed and still not be allowed to work; then the refusal is tested instead. */
const { isAvailable: hasBubblewrap } = await createBubblewrap({ searchPath, monotonic: () => 0 }).state();

let program = "";
let base = "";
let repository = "";
let basePort = 0;
let cos: ChildProcess | null = null;

const runs = () => clientOf(basePort + 4);
const worktrees = () =>
  createInternalClient(internalWorktreesEndpoints, {
    baseUrl: `http://127.0.0.1:${basePort + 4}`,
    name: "portos-cos",
  });

const isThere = (): Promise<boolean> =>
  worktrees()
    .list({})
    .then(
      () => true,
      () => false, // not there yet
    );

async function startProcess(): Promise<void> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(base, "home"),
    PORTOS_BASE_PORT: String(basePort),
    PORTOS_DATA_DIR: join(base, "data"),
    PORTOS_STATE_DIR: join(base, "state"),
    PORTOS_CONFIG_DIR: join(base, "config"),
  };
  cos = spawn(process.execPath, [program], { env, stdio: "ignore" });
  await until(isThere, 60_000);
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  const child = cos;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

beforeAll(async () => {
  program = await bundleProgram("cos/main.ts");
  base = await realpath(await mkdtemp(join(tmpdir(), "portos-wkill-")));
  basePort = await freePort();
  repository = await makeRepository(join(base, "repository"));
  await startProcess();
});
afterAll(async () => {
  await kill("SIGTERM");
  await rm(program);
  await rm(base, { recursive: true, force: true });
});

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe("worktrees when portos-cos is killed", () => {
  it.each([0, 40, 90, 150, 400, 900])(
    "%i ms after a run began, none is left half made, and the run gets a whole one afterwards",
    async (waitMs) => {
      const setup = { setupCommand: "sleep 0.5; echo ready > ready.txt", setupTimeoutMs: 60_000, copiedFiles: [] };
      const { id } = await runs().client.start({
        body: {
          ...defaults(repository),
          isolation: { kind: "worktree" },
          setup,
          text: "run cat ready.txt",
          targets: [cliTarget()],
        },
      });
      await pause(waitMs);
      await kill("SIGKILL");
      await startProcess();
      // Whom to ask was in memory only; portos-server says it again.
      await until(async () => (await runs().client.wanting({})).some((one) => one.id === id), 10_000).catch(
        () => undefined, // it had got so far that its end is known
      );
      expect(await whatIsThere()).toEqual(await whatIsKnown());
      const run = await runs().client.get({ params: { id } });
      if (run.state === "queued")
        await runs().client.supply({ params: { id }, body: { targets: [cliTarget()], problem: null } });
      const ended = await runs().ended(id, 30_000);
      expect(ended.state, ended.message ?? "").toBe("succeeded");
      expect(await runs().answer(id)).toBe("ready\n");
      expect(await whatIsThere()).toEqual(await whatIsKnown());
      await until(async () => (await worktrees().reclaimAll({})).kept === 0 || true);
    },
    60_000,
  );

  it.runIf(hasBubblewrap)("a sandbox lives on, is found again, and its commits arrive", async () => {
    const text =
      "say a\nwait 1500\nrun echo two > new.txt; git add -A; git commit -qm work; touch /etc/portos-test\nsay b";
    const { id } = await runs().client.start({
      body: {
        ...defaults(repository),
        isolation: { kind: "sandbox", network: false },
        text,
        targets: [cliTarget()],
      },
    });
    await runs().until(id, ({ agentSessionId }) => agentSessionId !== null);
    await kill("SIGKILL");
    await pause(300);
    await startProcess();
    const run = await runs().ended(id, 30_000);
    expect(run.state, run.message ?? "").toBe("succeeded");
    expect(run.attempts).toHaveLength(1);
    expect(await runs().answer(id)).toContain("Read-only file system");
    expect(await git(repository, ["show", `${run.worktree?.branch ?? ""}:new.txt`])).toBe("two\n");
  });
});

/** Folders, branches and git's own list, each by the id of the run. */
async function whatIsThere(): Promise<{ folders: string[]; git: string[] }> {
  const folder = join(base, "state/worktrees");
  const names = (await stat(folder).catch(() => null)) === null ? [] : await readdir(folder);
  const listed = await listGitWorktrees(repository);
  return {
    folders: names.toSorted(),
    git: listed
      .slice(1)
      .map((one) => `${one.folder} ${one.branch ?? ""}`)
      .toSorted(),
  };
}

async function whatIsKnown(): Promise<{ folders: string[]; git: string[] }> {
  const { worktrees: known } = await worktrees().list({});
  return {
    folders: known.map(({ runId }) => runId).toSorted(),
    git: known.map(({ folder, branch }) => `${folder} ${branch}`).toSorted(),
  };
}
