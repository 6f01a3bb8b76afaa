import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { createOwnFolders } from "../../lib/own-folders.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

const newFolder = useTemporaryFolders();

async function prepared(): Promise<{ workspace: Workspace; folder: string; outside: string }> {
  const base = await newFolder();
  const [folder, outside] = [join(base, "app"), join(base, "outside")];
  await mkdir(join(folder, "src"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "secret.txt"), "secret");
  await writeFile(join(folder, "src/a.ts"), "one\ntwo words\n");
  await symlink(outside, join(folder, "way-out"));
  await symlink(join(outside, "secret.txt"), join(folder, "link.txt"));
  await symlink(join(outside, "new.txt"), join(folder, "dangling.txt"));
  await symlink("src", join(folder, "inner"));
  return { workspace: await openWorkspace(folder), folder, outside };
}

describe("workspace", () => {
  it.each([
    "../outside/secret.txt",
    "/etc/passwd",
    "way-out/secret.txt",
    "link.txt",
    "src/../../outside/secret.txt",
    "a\0b",
  ])("reads nothing at %j", async (path) => {
    const { workspace } = await prepared();
    await expect(workspace.read(path)).rejects.toMatchObject({ code: "forbidden" });
  });

  it.each(["../new.txt", "way-out/new.txt", "way-out/deep/new.txt", "dangling.txt", "link.txt", "."])(
    "writes nothing at %j",
    async (path) => {
      const { workspace, outside } = await prepared();
      await expect(workspace.write(path, "x")).rejects.toMatchObject({ code: "forbidden" });
      expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("secret");
      await expect(readFile(join(outside, "new.txt"))).rejects.toThrow();
    },
  );

  it.each([".git/hooks/post-commit", ".git", ".GIT/config", "src/.git/config", "to-git/config", "src/../.git/config"])(
    "does not write what belongs to git: %s",
    async (path) => {
      const { workspace, folder } = await prepared();
      await mkdir(join(folder, ".git/hooks"), { recursive: true });
      await symlink(".git", join(folder, "to-git"));
      await expect(workspace.write(path, "x")).rejects.toMatchObject({ code: "forbidden" });
    },
  );

  it("reads, writes, lists and searches within", async () => {
    const { workspace, folder } = await prepared();
    expect(await workspace.read("inner/a.ts")).toBe("one\ntwo words\n");
    expect(await workspace.write("src/a.ts", "three\n")).toBe("one\ntwo words\n");
    expect(await workspace.write("new/deep/b.ts", "needle here\n")).toBeNull();
    expect(await readFile(join(folder, "new/deep/b.ts"), "utf8")).toBe("needle here\n");
    expect(await workspace.list(".")).toEqual(["dangling.txt", "inner", "link.txt", "new/", "src/", "way-out"]);
    const { signal } = new AbortController();
    expect(await workspace.search("needle", ".", 10, signal)).toEqual(["new/deep/b.ts:1: needle here"]);
    expect(await workspace.search("secret", ".", 10, signal)).toEqual([]);
  });

  it("keeps the mode of what it replaces, and gives new files and folders the one the user's have", async () => {
    const { workspace, folder } = await prepared();
    await chmod(join(folder, "src/a.ts"), 0o755);
    await workspace.write("src/a.ts", "three");
    await workspace.write("new/deep/b.ts", "four");
    const modeOf = async (path: string) => (await stat(join(folder, path))).mode & 0o777;
    expect(await modeOf("src/a.ts")).toBe(0o755);
    expect(await modeOf("new/deep/b.ts")).toBe(0o666 & ~process.umask());
    expect(await modeOf("new/deep")).toBe(0o777 & ~process.umask());
  });

  it("is not hindered by what another write left, and leaves nothing open when one fails", async () => {
    const { workspace, folder } = await prepared();
    await writeFile(join(folder, `src/a.ts.${process.pid}.tmp`), "half");
    await workspace.write("src/a.ts", "three\n");
    expect(await workspace.read("src/a.ts")).toBe("three\n");
    await expect(workspace.write("src/b.ts", 5 as never)).rejects.toThrow();
    expect(await readdir(join(folder, "src"))).toEqual(["a.ts", `a.ts.${process.pid}.tmp`]);
    const open = (await readdir("/proc/self/fd").catch(() => [])).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => ""),
    );
    expect((await Promise.all(open)).filter((path) => path.startsWith(folder))).toEqual([]);
  });

  it("says what a missing, a binary and a large file are", async () => {
    const { workspace, folder } = await prepared();
    await writeFile(join(folder, "image"), Buffer.from([1, 0, 2]));
    await writeFile(join(folder, "large"), Buffer.alloc(9 * 1024 * 1024, 65));
    await expect(workspace.read("missing")).rejects.toMatchObject({ code: "not_found" });
    await expect(workspace.read("image")).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expect(workspace.read("large")).rejects.toMatchObject({ code: "too_large" });
    await expect(workspace.read("src")).rejects.toMatchObject({ code: "unsupported_media_type" });
  });

  it("does not leave the folder while one in it becomes a link and a folder again", async () => {
    const { workspace, folder, outside } = await prepared();
    const [place, aside] = [join(folder, "src"), join(folder, "aside")];
    const over = new AbortController();
    const swapping = (async () => {
      while (!over.signal.aborted) {
        await rename(place, aside);
        await symlink(outside, place).catch(() => undefined); // made again by the one who writes
        // Again when something is written there meanwhile.
        await rm(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 1 });
        await rename(aside, place).catch(() => rm(aside, { recursive: true, maxRetries: 20, retryDelay: 1 }));
        await mkdir(place, { recursive: true });
      }
    })();
    for (let round = 0; round < 400; round += 1) {
      await workspace.write("src/secret.txt", "mine").catch(() => undefined);
      expect(await workspace.read("src/secret.txt").catch(() => "")).not.toBe("secret");
    }
    over.abort();
    await swapping;
    expect(await readdir(outside)).toEqual(["secret.txt"]);
    expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("secret");
  });
});

describe("a folder that holds what belongs to PortOS itself", () => {
  it("is open but for that", async () => {
    const { folder } = await prepared();
    const [dataDir, stateDir, configDir] = [join(folder, "data"), join(folder, "s"), join(folder, "c")];
    await mkdir(dataDir);
    await writeFile(join(dataDir, "approval-rules.json"), "two words");
    await symlink("data", join(folder, "way-in"));
    const workspace = await openWorkspace(folder, createOwnFolders({ dataDir, stateDir, configDir }));
    const refused = { code: "forbidden", message: expect.stringContaining("belongs to PortOS itself") as string };
    for (const path of ["data/approval-rules.json", "way-in/approval-rules.json", "s/pm2/x", "c/key", "data"]) {
      await expect(workspace.read(path)).rejects.toMatchObject(refused);
      await expect(workspace.write(path, "x")).rejects.toMatchObject(refused);
    }
    await expect(workspace.list("data")).rejects.toMatchObject(refused);
    await expect(workspace.search("words", "data", 9, new AbortController().signal)).rejects.toMatchObject(refused);
    expect(await workspace.search("words", ".", 9, new AbortController().signal)).toEqual(["src/a.ts:2: two words"]);
    expect(await readFile(join(dataDir, "approval-rules.json"), "utf8")).toBe("two words");
    await workspace.write("src/b.ts", "x");
  });

  it("is no place for a run when it lies in it, unless PortOS made it for one", async () => {
    const { folder } = await prepared();
    const own = createOwnFolders({ dataDir: folder, stateDir: join(folder, "s"), configDir: join(folder, "c") });
    await expect(own.refuse(join(folder, "src"), "body.folder")).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ path: "body.folder", message: `must not lie in ${folder}, which belongs to PortOS itself` }],
    });
    await own.refuse(join(folder, ".."), "body.folder");
    await mkdir(join(folder, "runs/run-1/work"), { recursive: true });
    const workspace = await openWorkspace(join(folder, "runs/run-1/work"), own);
    await workspace.write("a.txt", "x");
    await expect((await openWorkspace(join(folder, "src"), own)).read("a.ts")).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
