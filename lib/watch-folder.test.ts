import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { silentLogger } from "./logger.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";
import { watchFolder } from "./watch-folder.ts";

const newFolder = useTemporaryFolders();

test("a folder that is made later is watched from then on, and no longer looked at", async () => {
  const folder = join(await newFolder(), "later");
  const onChange = vi.fn();
  const warn = vi.fn();
  const every = vi.spyOn(globalThis, "clearInterval");
  onTestFinished(() => {
    every.mockRestore();
  });
  onTestFinished(
    watchFolder({ folder, isWatched: () => true, onChange, debounceMs: 10, logger: { ...silentLogger, warn } }),
  );
  expect(warn).toHaveBeenCalledOnce();

  await mkdir(folder);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 5_000);
  expect(every).toHaveBeenCalledOnce();
  onChange.mockClear();
  await writeFile(join(folder, "new"), "");
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 1_500);
  expect(warn).toHaveBeenCalledOnce();
});
