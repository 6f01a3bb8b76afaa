import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { git } from "../../lib/processes/git-command.ts";
import { gitCommit, listGitWorktrees } from "../../lib/processes/git-repository.ts";
import { commitAll, makeRepository, writeFiles } from "../../lib/testing/git-repository.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import {
  madeWorktree,
  onlyWorktree,
  startTestWorktrees,
  workOf,
  type TestWorktrees,
} from "./testing/test-worktrees.ts";

let test: TestWorktrees;
beforeEach(async () => {
  test = await startTestWorktrees({ "readme.md": "one\n", "packages/a b/x.txt": "x\n", ".gitignore": ".env\n" });
});
afterEach(async () => {
  await test.stop();
});

const branches = async (): Promise<string[]> =>
  (await git(test.repository, ["for-each-ref", "--format=%(refname:short)", "refs/heads"])).trim().split("\n");
const only = () => onlyWorktree(test);
const made = () => madeWorktree(test);

describe("making a worktree", () => {
  it("gives a run a branch and a folder of its own, and leaves the repository as it was", async () => {
    await writeFiles(test.repository, { "readme.md": "changed\n" });
    const { worktree, folder } = await test.enter();
    expect(folder).toBe(worktree.folder);
    expect(worktree).toMatchObject({ repository: test.repository, baseBranch: "main" });
    expect(worktree.branch).toMatch(/^portos\/add-a-thing-\w{6}$/);
    expect(await readFile(join(folder, "readme.md"), "utf8")).toBe("one\n");
    expect(await readFile(join(test.repository, "readme.md"), "utf8")).toBe("changed\n");
    expect(test.told.notices.join()).toMatch(/1 file with uncommitted changes.*not in the worktree/);
    expect(await branches()).toEqual(["main", worktree.branch]);
  });

  it("works in the same place of it as the app's folder has in the repository", async () => {
    const { worktree, folder } = await test.enter(
      test.entrant({ folder: join(test.repository, "packages/a b"), title: "Ünïcode 漢字\n" }),
    );
    expect(folder).toBe(join(worktree.folder, "packages/a b"));
    expect(worktree.branch).toMatch(/^portos\/u-ni-code-|^portos\/unicode-/);
  });

  it("copies untracked files with their mode, and none through links out of the folder", async () => {
    await writeFiles(test.base, { "outside/secret": "s\n" });
    await writeFiles(test.repository, { ".env": "A=1\n", "local/x y/z": "z\n", "local/ü\nb": "n\n" });
    await chmod(join(test.repository, ".env"), 0o600);
    await symlink(join(test.base, "outside"), join(test.repository, "way-out"));
    await symlink(join(test.base, "outside/secret"), join(test.repository, "link"));
    const copiedFiles = [".env", "local", "way-out/secret", "link", "missing", "readme.md"];
    const { folder } = await test.enter(undefined, { copiedFiles });
    expect(await readFile(join(folder, ".env"), "utf8")).toBe("A=1\n");
    expect((await stat(join(folder, ".env"))).mode & 0o777).toBe(0o600);
    expect((await readdir(join(folder, "local"))).toSorted()).toEqual(["x y", "ü\nb"]);
    const notices = test.told.notices.join("\n");
    for (const name of ["way-out/secret", "link", "missing", "readme.md"])
      expect(notices).toContain(`${name} was not copied`);
    expect(await readdir(folder)).not.toContain("link");
    // What PortOS put there is no work of the run.
    await test.service.touch((await only()).runId);
    await until(async () => (await only()).measuredAt !== null);
    expect(await only()).toMatchObject({ isDirty: false, fate: "empty", keptBecause: null });
    await writeFile(join(folder, "local/x y/z"), "changed\n");
    await expect(test.service.reclaim((await only()).runId)).rejects.toMatchObject({ code: "conflict" });
  });

  it("does not write through a link the repository holds", async () => {
    const outside = join(test.base, "target");
    await mkdir(outside);
    await symlink(outside, join(test.repository, "config"));
    await commitAll(test.repository, "a link");
    await rm(join(test.repository, "config"));
    await writeFiles(test.repository, { "config/.env": "A=1\n" });
    await test.enter(undefined, { copiedFiles: ["config/.env"] });
    expect(test.told.notices.join()).toContain("config/.env was not copied");
    expect(await readdir(outside)).toEqual([]);
  });

  it("runs the set-up command with the leased port, its output told, before the run begins", async () => {
    const { worktree, folder } = await test.enter(undefined, { setupCommand: 'echo "port $PORT" | tee set-up.txt' });
    expect(await readFile(join(folder, "set-up.txt"), "utf8")).toBe(`port ${worktree.port}\n`);
    expect(test.told.output).toContain(`port ${worktree.port}`);
    expect(test.told.sessions).toHaveLength(1);
    expect(test.told.states).toEqual(["Makes the worktree…", "Runs the set-up command…"]);
  });

  it.each([
    ["fails", "echo no such package; exit 3", 60_000, /exit code 3: no such package/],
    ["takes too long", "sleep 60", 1_000, /longer than 1 s/],
  ])("a set-up that %s leaves nothing behind and says why", async (_what, setupCommand, setupTimeoutMs, message) => {
    await expect(test.enter(undefined, { setupCommand, setupTimeoutMs })).rejects.toThrow(message);
    expect((await test.service.list()).worktrees).toEqual([]);
    expect(await branches()).toEqual(["main"]);
    expect(await listGitWorktrees(test.repository)).toHaveLength(1);
    expect(await readdir(join(test.stateDir, "worktrees"))).toEqual([]);
  });

  it("a set-up that is stopped leaves nothing behind", async () => {
    const abort = new AbortController();
    const entering = test.enter(undefined, { setupCommand: "sleep 60" }, abort.signal);
    await until(() => test.told.sessions.length > 0);
    abort.abort();
    await expect(entering).rejects.toThrow();
    expect(await branches()).toEqual(["main"]);
  });

  it("makes twenty at once, each with a branch, a folder and ports of its own", async () => {
    const twenty = await Promise.all(Array.from({ length: 20 }, () => test.enter()));
    expect(new Set(twenty.map(({ worktree }) => worktree.branch)).size).toBe(20);
    const ports = twenty.map(({ worktree }) => worktree.port ?? 0).toSorted((a, b) => a - b);
    expect(ports.every((port, at) => at === 0 || port - (ports[at - 1] ?? 0) >= 10)).toBe(true);
    expect(await listGitWorktrees(test.repository)).toHaveLength(21);
    expect((await test.service.list()).worktrees).toHaveLength(20);
  }, 60_000);

  it("takes a half-made one away after a crash, and knows a whole one again", async () => {
    const whole = await test.enter();
    const run = test.entrant({ title: "half" });
    const half = await test.enter(run);
    const file = join(test.dataDir, "worktrees", `${run.id}.json`);
    const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await test.service.close();
    await writeFile(file, JSON.stringify({ ...record, state: "making", gitDir: null }));
    await test.reopen();
    expect((await only()).folder).toBe(whole.folder);
    expect(await branches()).toEqual(["main", whole.worktree.branch]);
    expect(await listGitWorktrees(test.repository)).toHaveLength(2);
    await expect(stat(half.folder)).rejects.toThrow();
    // The run itself can then begin anew.
    expect((await test.enter(run)).folder).toBe(half.folder);
  });
});

describe("refusals", () => {
  it.each([
    ["no folder", () => Promise.resolve(null), /needs a folder/],
    ["no repository", () => Promise.resolve(test.base), /is in no git repository/],
    [
      "a bare repository",
      async () => {
        const folder = join(test.base, "bare");
        await mkdir(folder);
        await git(folder, ["init", "--quiet", "--bare"]);
        return folder;
      },
      /is a bare repository/,
    ],
    ["no commit yet", () => makeRepository(join(test.base, "empty"), {}), /has no commit yet/],
    [
      "submodules",
      async () => {
        const folder = await makeRepository(join(test.base, "whole"));
        const settings = ["protocol.file.allow=always"];
        await git(folder, ["submodule", "--quiet", "add", "--", test.repository, "part"], { settings });
        await commitAll(folder, "with a submodule");
        return folder;
      },
      /has submodules/,
    ],
    [
      "a submodule",
      async () => {
        const folder = await makeRepository(join(test.base, "whole"));
        const settings = ["protocol.file.allow=always"];
        await git(folder, ["submodule", "--quiet", "add", "--", test.repository, "part"], { settings });
        return join(folder, "part");
      },
      /is a submodule/,
    ],
    [
      "a folder in no commit",
      async () => {
        await mkdir(join(test.repository, "new"));
        return join(test.repository, "new");
      },
      /is in no commit/,
    ],
  ])("%s is refused with words that name the field", async (_what, prepare, message) => {
    const folder = await prepare();
    const refusal = test.service.check(folder, { kind: "worktree" });
    await expect(refusal).rejects.toMatchObject({ code: "invalid_request", issues: [{ path: "body.isolation" }] });
    await expect(refusal).rejects.toThrow(message);
  });
});

describe("reclaiming", () => {
  it("removes an empty one with its branch, and nothing else", async () => {
    const other = await made();
    const { id, folder } = await made();
    await writeFiles(folder, { ".env": "ignored\n" });
    const gone = await test.service.reclaim(id);
    expect(gone.fate).toBe("empty");
    await until(async () => (await readdir(join(test.stateDir, "worktrees"))).length === 1);
    expect(await branches()).toEqual(["main", other.worktree.branch]);
    expect(await listGitWorktrees(test.repository)).toHaveLength(2);
    expect(test.messages.at(-1)).toEqual({ kind: "worktree-removed", runId: id });
    await expect(test.service.get(id)).rejects.toMatchObject({ code: "not_found" });
  });

  it.each([
    ["a changed file", async (folder: string) => writeFile(join(folder, "readme.md"), "two\n"), /in no commit/],
    ["a new file", async (folder: string) => writeFile(join(folder, "new"), "two\n"), /in no commit/],
    [
      "a change hidden from git's status",
      async (folder: string) => {
        await git(folder, ["update-index", "--assume-unchanged", "--", "readme.md"]);
        await writeFile(join(folder, "readme.md"), "two\n");
      },
      /in no commit/,
    ],
    [
      "a commit",
      async (folder: string) => {
        await writeFile(join(folder, "new"), "two\n");
        await commitAll(folder, "work");
      },
      /in no other branch/,
    ],
    [
      "a commit on no branch",
      async (folder: string) => {
        await git(folder, ["checkout", "--quiet", "--detach"]);
        await writeFile(join(folder, "new"), "two\n");
        await commitAll(folder, "work");
      },
      /in no other branch/,
    ],
  ])("keeps one with %s", async (_what, work, message) => {
    const { id, folder, worktree } = await made();
    await work(folder);
    await expect(test.service.reclaim(id)).rejects.toThrow(message);
    expect((await test.service.list()).worktrees).toMatchObject([{ runId: id, folder: worktree.folder }]);
    expect(await readFile(join(folder, "readme.md"), "utf8")).toMatch(/one|two/);
    expect(await test.service.reclaimAll()).toEqual({ removed: 0, kept: 1, freedBytes: 0 });
  });

  it("removes one whose commits were merged, or are in another branch", async () => {
    for (const where of ["merge", "branch"]) {
      const { id, folder, worktree } = await made();
      await writeFile(join(folder, where), "two\n");
      const commit = await commitAll(folder, "work");
      await git(
        test.repository,
        where === "merge" ? ["merge", "--quiet", worktree.branch] : ["branch", "kept", worktree.branch],
      );
      expect((await test.service.reclaim(id)).fate).toBe(where === "merge" ? "merged" : "open");
      expect(await gitCommit(test.repository, `refs/heads/${worktree.branch}`)).toBeNull();
      expect(await gitCommit(test.repository, where === "merge" ? "main" : "kept")).toBe(commit);
    }
  });

  it("removes one whose work was put elsewhere in another form, and keeps its commits out of sight", async () => {
    const { id, folder, worktree } = await made();
    await writeFile(join(folder, "new"), "two\n");
    const commit = await commitAll(folder, "work");
    await writeFile(join(folder, "more"), "three\n");
    const tree = await workOf(test, id);
    expect(await test.service.setFate(id, "discarded", tree)).toMatchObject({ runId: id });
    await until(async () => (await only()).keptBecause === null);
    await writeFile(join(folder, "more"), "four\n");
    await expect(test.service.reclaim(id)).rejects.toThrow(/in no commit/);
    await writeFile(join(folder, "more"), "three\n");
    expect(await test.service.reclaim(id)).toMatchObject({ fate: "discarded" });
    expect(await gitCommit(test.repository, `refs/heads/${worktree.branch}`)).toBeNull();
    expect(await gitCommit(test.repository, `refs/portos/kept/${id}`)).toBe(commit);
  });

  it("keeps one while its run goes on, or a program works in it", async () => {
    const { id, folder } = await made();
    test.runs.set(id, "running");
    await expect(test.service.reclaim(id)).rejects.toThrow(/has not ended/);
    test.runs.set(id, "succeeded");
    const { id: session } = await test.service.command(id, { name: "Sleep", command: "sleep 60", timeoutMs: 60_000 });
    await until(async () => (await only()).isInUse);
    await expect(test.service.reclaim(id)).rejects.toThrow(/A program works/);
    expect(session).not.toBe("");
    expect(await stat(folder)).toBeTruthy();
  });

  it("tells one whose folder vanished, and keeps its branch when there are commits", async () => {
    const { id, folder, worktree } = await made();
    await writeFile(join(folder, "new"), "two\n");
    const commit = await commitAll(folder, "work");
    await rm(folder, { recursive: true });
    await test.service.touch(id);
    await until(async () => (await only()).fate === "gone");
    await expect(test.enter(test.entrant({ id, worktree }))).rejects.toThrow(/has been removed/);
    await test.service.reclaim(id);
    expect(await gitCommit(test.repository, worktree.branch)).toBe(commit);
    expect(await listGitWorktrees(test.repository)).toHaveLength(1);
  });

  it("leaves worktrees of others alone, also those git would prune", async () => {
    const other = join(test.base, "mine");
    await git(test.repository, ["worktree", "add", "--quiet", "-b", "mine", "--", other]);
    await rename(other, join(test.base, "unplugged"));
    const { id } = await made();
    await test.service.reclaim(id);
    expect((await listGitWorktrees(test.repository)).map(({ folder }) => folder)).toContain(other);
  });

  it("goes on removing after a crash, and puts back what must stay", async () => {
    const [empty, full] = [await made(), await made()];
    await writeFile(join(full.folder, "new"), "two\n");
    await test.service.close();
    for (const { id, folder } of [empty, full]) {
      const file = join(test.dataDir, "worktrees", `${id}.json`);
      const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
      await writeFile(file, JSON.stringify({ ...record, state: "removing" }));
      await rename(folder, join(test.stateDir, "worktrees", `.removing-${id}`));
    }
    await test.reopen();
    expect(await only()).toMatchObject({ runId: full.id });
    expect(await readFile(join(full.folder, "new"), "utf8")).toBe("two\n");
  });

  it("deletes what is left of one whose deletion a crash cut short, and never shows half of it again", async () => {
    const { id, folder } = await made();
    const other = await made();
    await test.service.reclaim(other.id);
    // Nothing of it is deleted before this is on disk.
    const text = readFileSync(join(test.dataDir, "worktrees", `${other.id}.json`), "utf8");
    expect(JSON.parse(text)).toMatchObject({ state: "deleting" });
    await test.service.close();
    const file = join(test.dataDir, "worktrees", `${id}.json`);
    const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    const place = join(test.stateDir, "worktrees");
    await rename(folder, join(place, `.removing-${id}`));
    await rm(join(place, `.removing-${id}`, ".git"));
    await writeFile(file, JSON.stringify({ ...record, state: "deleting" }));
    await test.reopen();
    expect((await test.service.list()).worktrees).toEqual([]);
    expect(test.service.has(id)).toBe(false);
    await until(async () => (await readdir(place)).length === 0);
    await until(async () => (await readdir(join(test.dataDir, "worktrees"))).length === 0);
    expect(await listGitWorktrees(test.repository)).toHaveLength(1);
  });

  it("removes one where a former removal left something, and keeps that", async () => {
    const { id } = await made();
    const place = join(test.stateDir, "worktrees");
    await writeFiles(place, { [`.removing-${id}/left/file`]: "l\n" });
    await test.service.reclaim(id);
    await until(async () => (await readdir(place)).length === 1);
    const [left = ""] = await readdir(place);
    expect(await readFile(join(place, left, "left/file"), "utf8")).toBe("l\n");
  });

  it("removes all others when one cannot be looked at", async () => {
    const [broken] = [await made(), await made()];
    await test.service.close();
    const file = join(test.dataDir, "worktrees", `${broken.id}.json`);
    const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    // No disk has such a name: to ask for it fails.
    await writeFile(file, JSON.stringify({ ...record, copied: [{ path: "x".repeat(300), hash: "0", stamp: "0" }] }));
    await test.reopen();
    expect(await test.service.reclaimAll()).toMatchObject({ removed: 1, kept: 1 });
    expect(await only()).toMatchObject({ runId: broken.id });
  });

  it("measures size in the background", async () => {
    const { id, folder } = await made();
    await writeFile(join(folder, "large"), Buffer.alloc(1024 * 1024, 1));
    expect((await test.service.get(id)).worktree.bytes ?? 0).toBeLessThan(1024 * 1024);
    await test.service.touch(id);
    await until(async () => ((await only()).bytes ?? 0) >= 1024 * 1024);
    expect(await only()).toMatchObject({ isDirty: true, commitsAhead: 0, isMerged: true, fate: "open" });
  });
});
