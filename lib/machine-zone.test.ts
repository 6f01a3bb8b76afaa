import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { machineZone } from "./machine-zone.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();

test("the zone is read from the link, else from the file with its name, else it is UTC", async () => {
  const folder = await newFolder();
  const files = { link: join(folder, "localtime"), name: join(folder, "timezone") };
  expect(machineZone(files)).toBe("UTC");
  await writeFile(files.name, "America/Argentina/Buenos_Aires\n");
  expect(machineZone(files)).toBe("America/Argentina/Buenos_Aires");
  await symlink("/usr/share/zoneinfo/Europe/Berlin", files.link);
  expect(machineZone(files)).toBe("Europe/Berlin");
});

test("what is no name of a zone counts as none", async () => {
  const folder = await newFolder();
  const files = { link: join(folder, "localtime"), name: join(folder, "timezone") };
  await writeFile(files.name, "../../etc/passwd\n");
  expect(machineZone(files)).toBe("UTC");
  await symlink("../usr/share/zoneinfo/Etc/UTC", files.link);
  expect(machineZone(files)).toBe("UTC");
});
