import { access, mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Isolation } from "../../contract/features/isolation.ts";
import type { RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { internalWorktreesEndpoints } from "../../contract/internal/worktrees.ts";
import { createInternalClient, type InternalClient } from "../../lib/internal-client.ts";
import { git } from "../../lib/processes/git-command.ts";
import { listGitWorktrees } from "../../lib/processes/git-repository.ts";
import { commitAll, makeRepository, writeFiles } from "../../lib/testing/git-repository.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { acpTarget, cliTarget, startTestRuns, type TestRuns } from "./testing/test-runs.ts";
import { createBubblewrap } from "../../lib/processes/bubblewrap.ts";

const searchPath = (): string => process.env["PATH"] ?? "";
/** It may be installed and still not be allowed to work; then the refusal is tested instead. */
const { isAvailable: hasBubblewrap } = await createBubblewrap({ searchPath, monotonic: () => 0 }).state();
const worktree: Isolation = { kind: "worktree" };
const sandbox: Isolation = { kind: "sandbox", network: false };

let runs: TestRuns;
let base = "";
let repository = "";
let worktrees: InternalClient<typeof internalWorktreesEndpoints>;
const home = process.env["HOME"];

function connect(): void {
  worktrees = createInternalClient(internalWorktreesEndpoints, {
    baseUrl: `http://127.0.0.1:${runs.port}`,
    name: "portos-cos",
  });
}
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "portos-isolation-")));
  process.env["HOME"] = base;
  runs = await startTestRuns();
  connect();
});
afterAll(async () => {
  await runs.stop();
  if (home !== undefined) process.env["HOME"] = home;
  await rm(base, { recursive: true, force: true });
});
beforeEach(async () => {
  repository = await makeRepository(await mkdtemp(join(base, "repository ü-")), { "readme.md": "one\n" });
});

const start = (text: string, isolation: Isolation, target: RunTarget = cliTarget(), more: Partial<RunSpec> = {}) =>
  runs.start({ folder: repository, isolation, text, targets: [target], ...more });
const setup = (setupCommand: string): Pick<RunSpec, "setup"> => ({
  setup: { setupCommand, setupTimeoutMs: 60_000, copiedFiles: [] },
});

describe("a run with a worktree", () => {
  it("works there, follow-ups too, and leaves the folder of the app as it was", async () => {
    const { id } = await start("run pwd; echo two > readme.md\nenv PORT", worktree);
    const run = await runs.ended(id);
    expect(run.state, run.message ?? "").toBe("succeeded");
    const { folder, port, branch } = run.worktree ?? { folder: "", port: 0, branch: "" };
    expect(run.folder).toBe(folder);
    expect(await runs.answer(id)).toContain(folder);
    expect(await runs.answer(id)).toContain(`PORT=${port}`);
    expect(await readFile(join(repository, "readme.md"), "utf8")).toBe("one\n");
    expect((await runs.bodies(id, "notice")).map(({ text }) => text).join()).toContain(branch);
    expect((await runs.bodies(id, "state")).map(({ message }) => message)).toContain("Makes the worktree…");
    await runs.client.say({ params: { id }, body: { text: "run cat readme.md", targets: [cliTarget()] } });
    await runs.until(id, ({ attempts }) => attempts.length === 2);
    await runs.ended(id);
    expect(await runs.answer(id)).toContain("two\n");
    expect((await worktrees.get({ params: { id } })).worktree).toMatchObject({ runState: "succeeded" });
  });

  it("is refused where there is no repository, before anything is written down", async () => {
    const folder = await mkdtemp(join(base, "plain-"));
    await expect(start("say no", worktree, cliTarget(), { folder })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ path: "body.isolation" }],
    });
    await expect(start("say no", worktree, cliTarget(), { folder: null })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("fails with the words of its set-up, and asks no agent", async () => {
    const { id } = await start("say no", worktree, cliTarget(), setup("echo no registry; exit 7"));
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "failed", failure: "bad-request", attempts: [] });
    expect(run.message).toContain("exit code 7: no registry");
    expect((await runs.bodies(id, "output")).map(({ text }) => text).join("")).toContain("no registry");
    expect(await listGitWorktrees(repository)).toHaveLength(1);
  });

  it("can be stopped while its worktree is made", async () => {
    const { id } = await start("say no", worktree, cliTarget(), setup("echo going; sleep 60"));
    await runs.until(id, ({ sessionId }) => sessionId !== null || false);
    await runs.client.stop({ params: { id }, body: { reason: null } });
    expect(await runs.ended(id)).toMatchObject({ state: "cancelled", attempts: [] });
    expect(await listGitWorktrees(repository)).toHaveLength(1);
  });

  it("cannot go on when its worktree was reclaimed", async () => {
    const { id } = await start("say done", worktree);
    await runs.ended(id);
    await worktrees.reclaim({ params: { id }, query: {} });
    const again = runs.client.say({ params: { id }, body: { text: "say more", targets: [cliTarget()] } });
    await expect(again).rejects.toMatchObject({ code: "conflict", message: /worktree.*removed/ });
  });

  it("tells others what becomes of it", async () => {
    const { messages, close } = await runs.listen();
    const { id } = await start("say done", worktree);
    await runs.ended(id);
    await until(() => messages.some((one) => one.kind === "worktree" && one.worktree.fate === "empty"));
    await worktrees.reclaimAll({});
    await until(() => messages.some((one) => one.kind === "worktree-removed" && one.runId === id));
    close();
  });

  it("refuses writes into .git over the protocol of agents", async () => {
    const { id } = await start("write .git/hooks/pre-commit\nwrite .git", worktree, acpTarget(), {
      permissionMode: "free",
    });
    const run = await runs.ended(id);
    await expect(access(join(repository, ".git/hooks/pre-commit"))).rejects.toThrow();
    expect(await readFile(join(run.folder, ".git"), "utf8")).toMatch(/^gitdir: /);
  });
});

describe.runIf(!hasBubblewrap)("a run with a sandbox, without bubblewrap", () => {
  it("is refused with how to install it", async () => {
    await expect(start("say no", sandbox)).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe.runIf(hasBubblewrap)("a run with a sandbox", () => {
  it("may look at the pictures it was given, and at nothing else of its run", async () => {
    const data = Buffer.from("a point\n").toString("base64");
    const images = [{ name: "point.png", mediaType: "image/png" as const, data }];
    const look = `run cd '${runs.dataDir}/runs' && find . -type f -print -exec cat {} ';'; cd - >/dev/null; git status -s`;
    const { id } = await start(look, sandbox, cliTarget(), { images, permissionMode: "free" });
    const run = await runs.ended(id, 30_000);
    expect(run.state, run.message ?? "").toBe("succeeded");
    expect(await runs.answer(id)).toBe(`./${id}/images/1.png\na point\n`);
  });

  const line = "pwd; echo two > new.txt; git add -A; git commit -qm work; touch ../escaped; ls ..";
  it.each([
    ["headless", cliTarget()],
    ["the protocol of agents", acpTarget()],
    ["a terminal", cliTarget({ engine: "terminal", agent: "custom", command: ["/bin/sh", "-c", line] })],
  ])("works over %s, its commits taken over", async (how, target) => {
    const text =
      how === "the protocol of agents" ? `run touch ../escaped\nrun git commit --allow-empty -qm work` : `run ${line}`;
    const { id } = await start(text, sandbox, target, { permissionMode: "free" });
    const run = await runs.ended(id, 30_000);
    expect(run.state, run.message ?? "").toBe("succeeded");
    expect((await readdir(join(run.folder, ".."))).includes("escaped")).toBe(false);
    expect((await git(repository, ["log", "-1", "--format=%s", run.worktree?.branch ?? ""])).trim()).toBe("work");
  });

  it("is interrupted politely and wholly", async () => {
    const { id } = await start("child\nwait 60000", sandbox);
    await expect.poll(async () => runs.answer(id)).toContain("children");
    await runs.client.stop({ params: { id }, body: { reason: null } });
    expect((await runs.ended(id)).state).toBe("cancelled");
    const left = await Promise.all(
      (await readdir("/proc"))
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")),
    );
    expect(left.filter((environment) => environment.includes(`AGENT_RUN=${id}`))).toEqual([]);
  });

  it("is taken up again after a restart of portos-cos, its commits taken over at its end", async () => {
    const { id } = await start("say a\nwait 2500\nrun echo two > new.txt; git add -A; git commit -qm work", sandbox);
    await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    await runs.restart();
    connect();
    const run = await runs.ended(id);
    expect(run.state, run.message ?? "").toBe("succeeded");
    expect(await git(repository, ["show", `${run.worktree?.branch ?? ""}:new.txt`])).toBe("two\n");
  });
});

it("a merged worktree goes, its work stays", async () => {
  const { id } = await start("run echo two > new.txt; git add -A; git commit -qm work", worktree);
  const run = await runs.ended(id);
  await writeFiles(repository, { "other.txt": "o\n" });
  await commitAll(repository, "meanwhile");
  await git(repository, ["merge", "--quiet", "--no-edit", run.worktree?.branch ?? ""]);
  expect(await worktrees.reclaim({ params: { id }, query: {} })).toMatchObject({ fate: "merged" });
  expect(await git(repository, ["show", "HEAD:new.txt"])).toBe("two\n");
});
