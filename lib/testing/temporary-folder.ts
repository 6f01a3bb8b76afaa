import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach } from "vitest";

/** Gives each call a new, empty folder that is removed after the test. Call it at the top of a test file. */
export function useTemporaryFolders(): () => Promise<string> {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "portos-test-"));
    folders.push(folder);
    return folder;
  };
}

/** Resolves when `isTrue` holds; fails after `timeoutMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  // What takes long is asked less often: the asking would take the time of what is waited for.
  for (let pauseMs = 5; !(await isTrue()); pauseMs = Math.min(pauseMs * 1.3, 50)) {
    if (performance.now() > deadline) throw new Error(`Not so within ${timeoutMs} ms: ${isTrue.toString()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
}
