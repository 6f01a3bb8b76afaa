import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runGit } from "../../lib/processes/git-command.ts";
import { makeRepository } from "../../lib/testing/git-repository.ts";
import { workingFolders } from "./folders-in-use.ts";

const isLinux = process.platform === "linux";

test.runIf(isLinux)("a program in a folder works there; a git of our own only looks, also while it ends", async () => {
  const folder = await makeRepository(await realpath(await mkdtemp(join(tmpdir(), "portos-folders-"))));
  try {
    const look = async (): Promise<void> => {
      for (let count = 0; count < 40; count += 1) await runGit(folder, ["rev-parse", "HEAD"]);
    };
    const watch = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) expect(await workingFolders()).not.toContain(folder);
    };
    await Promise.all([look(), look(), look(), watch()]);

    const worker = spawn("sleep", ["60"], { cwd: folder });
    await expect.poll(workingFolders).toContain(folder);
    worker.kill("SIGKILL");
    await once(worker, "exit");
    expect(await workingFolders()).not.toContain(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
