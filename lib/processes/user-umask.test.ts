import { mkdirSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, expect, test } from "vitest";

import { useTemporaryFolders } from "../testing/temporary-folder.ts";
import { startDetached } from "./detached-program.ts";
import { runCommand } from "./run-command.ts";
import { spawnChild } from "./spawn-child.ts";
import { spawnGroup } from "./spawn-group.ts";
import { keepFilesPrivate, userFileMode, withUserUmask } from "./user-umask.ts";

const newFolder = useTemporaryFolders();
const before = process.umask(0o027);
keepFilesPrivate();

afterEach(() => {
  expect(process.umask()).toBe(0o077); // whatever was started
});

afterAll(() => {
  process.umask(before);
});

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

test("what this process makes is its owner's alone, what is made for the user is as the user has it", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "ours"), "");
  expect(await modeOf(join(folder, "ours"))).toBe("600");
  withUserUmask(() => mkdirSync(join(folder, "theirs")));
  expect(await modeOf(join(folder, "theirs"))).toBe("750");
  expect(userFileMode().toString(8)).toBe("640");
  expect(() =>
    withUserUmask(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
});

test("programs make files with the mask of the user, however they are started", async () => {
  const folder = await newFolder();
  const touch = (name: string): [string, string[]] => ["/bin/sh", ["-c", `umask > ${join(folder, name)}`]];
  const env = { PATH: process.env["PATH"] ?? "" };
  await runCommand(...touch("command"));
  const child = await spawnChild(...touch("child"), { cwd: folder, logFile: join(folder, "log") });
  await child.exited;
  const group = spawnGroup(...touch("group"), { cwd: folder, env });
  await new Promise((resolve) => {
    group.onEnd(resolve);
    group.stdout.resume();
    group.stderr.resume();
  });
  const [file, args] = touch("detached");
  const names = ["stdout", "stderr", "exit", "pid"].map((name) => [name, join(folder, `d-${name}`)]);
  const files = Object.fromEntries(names) as Record<"stdout" | "stderr" | "exit" | "pid", string>;
  await (
    await startDetached({ file, args, cwd: folder, env, stdin: null, files })
  ).exited;
  for (const name of ["command", "child", "group", "detached"]) {
    expect(await readFile(join(folder, name), "utf8"), name).toBe("0027\n");
    expect(await modeOf(join(folder, name)), name).toBe("640");
  }
  expect(await modeOf(files.stdout)).toBe("600");
});
