import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { childEnvironment } from "../../../lib/processes/child-environment.ts";
import { git } from "../../../lib/processes/git-command.ts";
import { gitCommit } from "../../../lib/processes/git-repository.ts";
import { runCommand, type CommandResult } from "../../../lib/processes/run-command.ts";
import { writeFiles } from "../../../lib/testing/git-repository.ts";
import { startTestWorktrees, workOf, type TestWorktrees } from "../testing/test-worktrees.ts";
import type { Entered } from "../worktree-entry.ts";
import { createBubblewrap } from "../../../lib/processes/bubblewrap.ts";

const searchPath = (): string => process.env["PATH"] ?? "";
/** It may be installed and still not be allowed to work; then the refusal is tested instead. */
const { isAvailable: hasBubblewrap } = await createBubblewrap({ searchPath, monotonic: () => 0 }).state();

let test: TestWorktrees;
beforeEach(async () => {
  test = await startTestWorktrees({ "readme.md": "one\n" });
});
afterEach(async () => {
  await test.stop();
});

const enter = (network = false): Promise<Entered> =>
  test.enter(test.entrant({ isolation: { kind: "sandbox", network } }));

/** Runs a line of /bin/sh as a program of the run would be. */
async function inside({ surroundings, folder }: Entered, line: string): Promise<CommandResult> {
  const { file, args } = surroundings.wrap({ file: "/bin/sh", args: ["-c", line] }, { agent: "claude", cwd: folder });
  return runCommand(file, args, { cwd: folder, env: surroundings.environment, timeoutMs: 20_000 });
}

describe.runIf(!hasBubblewrap)("without bubblewrap", () => {
  it("a sandbox is refused with how to install it, and the list says so", async () => {
    await expect(enter()).rejects.toMatchObject({
      code: "unavailable",
      hint: expect.stringContaining("bubblewrap") as unknown,
    });
    expect((await test.service.list()).sandbox).toMatchObject({ isAvailable: false });
  });
});

describe.runIf(hasBubblewrap)("a sandbox", () => {
  it("is available, and says so", async () => {
    expect((await test.service.list()).sandbox).toEqual({ isAvailable: true, help: null });
  });

  it("lets only the worktree, /tmp and the agent's own state be written", async () => {
    const home = await realpath(join(test.base, "home"));
    await writeFiles(home, { ".bashrc": "mine\n", ".claude/settings.json": "{}\n" });
    const entered = await enter();
    const write = async (path: string): Promise<number | null> =>
      (await inside(entered, `echo changed > '${path}'`)).code;
    expect(await write("file.txt")).toBe(0);
    expect(await write("/tmp/file.txt")).toBe(0);
    expect(await write(join(home, ".claude/state.json"))).toBe(0);
    for (const path of [
      join(home, ".bashrc"),
      join(home, ".claude/settings.json"),
      join(test.repository, "readme.md"),
      join(test.repository, ".git/config"),
      join(test.repository, ".git/hooks/post-checkout"),
      join(test.repository, ".git/refs/heads/main"),
      ".git",
      "/etc/portos-test",
    ])
      expect(await write(path), path).not.toBe(0);
    expect(await readFile(join(entered.folder, "file.txt"), "utf8")).toBe("changed\n");
    expect(await readFile(join(home, ".claude/settings.json"), "utf8")).toBe("{}\n");
  });

  it("cannot put another .git in the place of the worktree's", async () => {
    const entered = await enter();
    for (const line of ["rm -f .git", "mv .git gone", "mkdir x && mv x .git", 'cd .. && mv "$OLDPWD" other'])
      expect((await inside(entered, line)).code, line).not.toBe(0);
  });

  it("hides secrets, the data of PortOS, the sockets and the other processes of the machine", async () => {
    const home = join(test.base, "home");
    await writeFiles(home, { ".ssh/id": "secret\n", ".netrc": "secret\n", ".aws/credentials": "secret\n" });
    await writeFile(join(test.dataDir, "settings.json"), "secret\n");
    await writeFile(join(test.base, "config/key"), "secret\n");
    const entered = await enter();
    const places = [home, test.dataDir, join(test.base, "config"), join(test.stateDir, "worktrees")];
    const { stdout } = await inside(
      entered,
      `grep -rs secret ${places.join(" ")} ; ls /run /tmp; ps ax 2>/dev/null | wc -l`,
    );
    expect(stdout).not.toContain("secret");
    expect(Number(stdout.trim().split("\n").at(-1))).toBeLessThan(10);
    expect((await inside(entered, `kill -0 ${process.pid}`)).code).not.toBe(0);
    expect((await inside(entered, 'echo "$SSH_AUTH_SOCK$XDG_RUNTIME_DIR$DBUS_SESSION_BUS_ADDRESS"')).stdout).toBe("\n");
  });

  it("has the network only where it was given", async () => {
    const server = createServer((_request, response) => response.end("reached"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = `${process.execPath} -e "fetch('http://127.0.0.1:${port}').then(r=>r.text()).then(console.log,()=>console.log('cut off'))"`;
    expect((await inside(await enter(true), ask)).stdout).toBe("reached\n");
    expect((await inside(await enter(false), ask)).stdout).toBe("cut off\n");
    await new Promise((resolve) => server.close(resolve));
  });

  it("takes what the set-up has left for no work, also beside what is committed in it", async () => {
    const run = test.entrant({ isolation: { kind: "sandbox", network: false } });
    const entered = await test.enter(run, { setupCommand: "echo x > left-over && echo more >> readme.md" });
    const commit = "echo y > mine && git add mine && git -c user.name=A -c user.email=a@b commit -qm mine";
    expect(await inside(entered, commit)).toMatchObject({ code: 0 });
    await entered.surroundings.afterAttempt();
    const committed = (await git(entered.folder, ["rev-parse", "HEAD^{tree}"])).trim();
    expect(await git(entered.folder, ["ls-tree", "--name-only", "HEAD"])).toBe("mine\nreadme.md\n");
    expect(await workOf(test, run.id)).toBe(committed);
    expect((await inside(entered, "echo more >> left-over")).code).toBe(0);
    expect(await workOf(test, run.id)).not.toBe(committed);
  });

  it("can commit, and the commits are in the repository afterwards, the rest of which stays as it was", async () => {
    await git(test.repository, ["branch", "other"]);
    const entered = await enter();
    const { branch } = entered.worktree;
    const made = await inside(
      entered,
      "git status --short && echo two > new.txt && git add -A && git commit -qm work && git log --oneline && git branch -D other; git update-ref refs/heads/main HEAD; echo three > more.txt",
    );
    expect(made.stdout.trim().split("\n"), made.stderr).toHaveLength(2);
    expect(await gitCommit(test.repository, branch)).toBe(entered.worktree.baseCommit);
    expect(await entered.surroundings.afterAttempt()).toBeNull();
    expect(await git(test.repository, ["show", `${branch}:new.txt`])).toBe("two\n");
    expect(await gitCommit(test.repository, "main")).toBe(entered.worktree.baseCommit);
    expect(await gitCommit(test.repository, "other")).toBe(entered.worktree.baseCommit);
    const { worktree, gitDir } = await test.service.get((await test.service.list()).worktrees[0]?.runId ?? "");
    expect(await git({ gitDir, workTree: worktree.folder }, ["status", "--porcelain"])).toBe("?? more.txt\n");
  });

  it("goes on where the last turn ended, with what was committed outside meanwhile", async () => {
    const run = test.entrant({ isolation: { kind: "sandbox", network: false } });
    const first = await test.enter(run);
    await inside(first, "echo two > new.txt && git add -A && git commit -qm one");
    await first.surroundings.afterAttempt();
    const second = await test.enter({ ...run, worktree: first.worktree });
    const { stdout, stderr } = await inside(
      second,
      "git log --format=%s && git status --short && git commit --allow-empty -qm two",
    );
    expect(stdout, stderr).toBe("one\nfirst\n");
    await second.surroundings.afterAttempt();
    expect((await git(test.repository, ["log", "--format=%s", first.worktree.branch])).trim().split("\n")).toEqual([
      "two",
      "one",
      "first",
    ]);
  });

  it("keeps the worktree while its commits cannot be taken over, and says why", async () => {
    const entered = await enter();
    await inside(entered, "echo two > new.txt && git add -A && git commit -qm one");
    const { runId } = (await test.service.list()).worktrees[0] ?? { runId: "" };
    const objects = join(test.stateDir, "worktrees", `${runId}.sandbox/objects`);
    await inside(entered, `find '${objects}' -type f -not -path '*/info/*' -exec rm -f {} +`);
    expect(await entered.surroundings.afterAttempt()).toMatch(/could not be taken over/);
    await expect(test.service.reclaim(runId)).rejects.toThrow(/could not be taken over/);
  });

  it.each([
    ["a pipe as HEAD", 'cd "$(git rev-parse --git-dir)" && rm HEAD && mkfifo HEAD'],
    ["a HEAD that leads to a device", 'cd "$(git rev-parse --git-dir)" && rm HEAD && ln -s /dev/zero HEAD'],
    ["a pipe as a branch", 'mkfifo "$(git rev-parse --git-common-dir)/refs/heads/slow"'],
  ])("is not kept waiting by %s, and says why its commits are not taken", async (_what, line) => {
    const entered = await enter();
    await inside(entered, "echo two > new.txt && git add -A && git commit -qm one");
    expect((await inside(entered, line)).code).toBe(0);
    expect(await entered.surroundings.afterAttempt()).toMatch(/could not be taken over: .*(?:HEAD|slow) is n/);
  });

  it("makes branches of commits that are on no branch of the run, and keeps what was committed outside meanwhile", async () => {
    const entered = await enter();
    const { branch, repository, folder } = entered.worktree;
    const outside = await git(repository, ["commit-tree", "-p", branch, "-m", "outside", `${branch}^{tree}`]);
    await git(repository, ["update-ref", `refs/heads/${branch}`, outside.trim()]);
    const { code, stderr } = await inside(
      entered,
      [
        "git commit -q --allow-empty -m mine",
        "git checkout -qb side && git commit -q --allow-empty -m side",
        `git checkout -q --detach && git commit -q --allow-empty -m lost && git checkout -q ${branch}`,
      ].join(" && "),
    );
    expect(code, stderr).toBe(0);
    expect(await entered.surroundings.afterAttempt()).toBeNull();
    const { runId } = (await test.service.list()).worktrees[0] ?? { runId: "" };
    const names = (await git(repository, ["for-each-ref", "--format=%(refname) %(subject)"])).trim().split("\n");
    expect(names.map((name) => name.replace(/left-\w{7} /, "left ")).toSorted()).toEqual([
      "refs/heads/main first",
      `refs/heads/${branch} mine`,
      `refs/heads/${branch}-left lost`,
      `refs/heads/${branch}-side side`,
      `refs/portos/kept/${runId} outside`,
    ]);
    expect(folder).not.toBe(repository);
  });

  it("shows what the run was given along, to be read only, and nothing else of it", async () => {
    const entrant = test.entrant({ isolation: { kind: "sandbox", network: false } });
    const own = join(test.dataDir, "runs", entrant.id);
    await writeFiles(own, { "images/1.png": "a picture\n", "record.json": "{}\n" });
    const entered = await test.enter(entrant);
    expect((await inside(entered, `cat '${own}/images/1.png'`)).stdout).toBe("a picture\n");
    expect((await inside(entered, `echo mine > '${own}/images/1.png'`)).code).not.toBe(0);
    expect((await inside(entered, `cat '${own}/record.json'`)).code).not.toBe(0);
    expect((await inside(entered, "git status --porcelain")).stdout).toBe("");
  });

  it("takes a command's own tools along, and ends with it", async () => {
    const entered = await enter();
    const { runId } = (await test.service.list()).worktrees[0] ?? { runId: "" };
    const session = await test.service.command(runId, {
      name: "Check",
      command: "echo checked > out.txt; touch ~/nowhere; exit 4",
      timeoutMs: 20_000,
    });
    await expect.poll(() => readFile(join(entered.folder, "out.txt"), "utf8").catch(() => "")).toBe("checked\n");
    expect(session.command?.[0]).toMatch(/bwrap$/);
    expect(childEnvironment()["HOME"]).toBe(join(test.base, "home"));
    await mkdir(join(test.base, "home/nowhere"));
  });
});
