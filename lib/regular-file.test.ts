import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runCommand } from "./processes/run-command.ts";
import { readRegularFile } from "./regular-file.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();

test("reads a file, and nothing that is none", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "file"), "text");
  await symlink(join(folder, "file"), join(folder, "link"));
  await symlink("/dev/zero", join(folder, "zero"));
  expect(await runCommand("mkfifo", [join(folder, "pipe")])).toMatchObject({ code: 0 });
  await writeFile(join(folder, "empty"), "");
  expect(await readRegularFile(join(folder, "file"), 4)).toBe("text");
  expect(await readRegularFile(join(folder, "empty"), 4)).toBe("");
  // Room is made for what is there, not for what may be.
  expect(await readRegularFile(join(folder, "file"), Number.MAX_SAFE_INTEGER)).toBe("text");
  await expect(readRegularFile(join(folder, "file"), 3)).rejects.toMatchObject({ code: "too_large" });
  for (const name of ["link", "zero", "pipe", "."])
    await expect(readRegularFile(join(folder, name), 100)).rejects.toMatchObject({ code: "conflict" });
  await expect(readRegularFile(join(folder, "none"), 100)).rejects.toMatchObject({ code: "ENOENT" });
});
