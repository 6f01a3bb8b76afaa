import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { useTemporaryFolders } from "../testing/temporary-folder.ts";
import { createBubblewrap } from "./bubblewrap.ts";

const newFolder = useTemporaryFolders();

it("says how to install what is not there", async () => {
  const folder = await newFolder();
  const state = await createBubblewrap({ searchPath: () => folder, monotonic: () => 0 }).state();
  expect(state).toMatchObject({
    isAvailable: false,
    help: expect.stringMatching(/not installed.*apt install bubblewrap/) as unknown,
  });
});

it("says why what is there cannot work, and sees within a minute that it can", async () => {
  const folder = await newFolder();
  const program = join(folder, "bwrap");
  await writeFile(program, "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n");
  await chmod(program, 0o755);
  let now = 0;
  const bubblewrap = createBubblewrap({ searchPath: () => folder, monotonic: () => now });
  expect(await bubblewrap.state()).toMatchObject({
    isAvailable: false,
    help: expect.stringMatching(
      /cannot work here \(bwrap: No permissions to create new namespace\).*user namespaces/,
    ) as unknown,
  });
  await writeFile(program, "#!/bin/sh\nexit 0\n");
  now = 30_000;
  expect((await bubblewrap.state()).isAvailable).toBe(false);
  now = 61_000;
  expect(await bubblewrap.state()).toEqual({ isAvailable: true, program, help: null });
});
