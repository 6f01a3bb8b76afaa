import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { findProgram } from "./find-program.ts";
import { gitChangedFiles, gitCommitsBetween, gitState } from "./git.ts";
import { listeningPorts } from "./listening-ports.ts";
import { runCommand } from "./run-command.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-commands-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const node = (script: string, options = {}) => runCommand(process.execPath, ["-e", script], options);

test("a command's output and exit code are returned, its arguments never seen by a shell", async () => {
  const result = await runCommand("printf", ["%s", "$(id); `id`"]);
  expect(result).toEqual({
    code: 0,
    signal: null,
    stdout: "$(id); `id`",
    stderr: "",
    isTimedOut: false,
    isCut: false,
    startError: null,
  });
});

test("a missing program is an answer, not an exception", async () => {
  expect(await runCommand("no-such-program-here", [])).toMatchObject({ code: null, startError: "ENOENT" });
});

test("a command that takes too long is ended together with its children", async () => {
  const result = await runCommand("bash", ["-c", "sleep 60 & echo $!; wait"], { timeoutMs: 300 });
  expect(result.isTimedOut).toBe(true);
  const pid = Number(result.stdout);
  expect(pid).toBeGreaterThan(1);
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("an aborted command is ended", async () => {
  const abort = new AbortController();
  setTimeout(() => {
    abort.abort();
  }, 100);
  expect(await runCommand("sleep", ["60"], { signal: abort.signal })).toMatchObject({ signal: "SIGKILL" });
});

test("output beyond the limit is dropped while the command goes on", async () => {
  const result = await node("process.stdout.write('x'.repeat(3e6), () => process.exit(3))", { maxBytes: 1000 });
  expect(result.code).toBe(3);
  expect(result.stdout).toHaveLength(1000);
  expect(result.isCut).toBe(true);
});

test("the environment of a command is allow-listed", async () => {
  process.env["PORTOS_TEST_SECRET"] = "1";
  const result = await node("console.log(JSON.stringify(process.env))", { env: { ADDED: "yes" } });
  delete process.env["PORTOS_TEST_SECRET"];
  const seen = JSON.parse(result.stdout) as Record<string, string>;
  expect(seen["ADDED"]).toBe("yes");
  expect(seen["PORTOS_TEST_SECRET"]).toBeUndefined();
  expect(seen["NODE_ENV"]).toBeUndefined();
});

test("the state of a git repository is read, credentials of its remote are not", async () => {
  expect(await gitState(folder)).toBeNull();
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
  const git = (...args: string[]) => runCommand("git", ["-C", folder, ...identity, ...args]);
  await git("init", "--initial-branch=trunk");
  expect(await gitState(folder)).toEqual({ branch: "trunk", head: null, remote: null, isDirty: false });
  await writeFile(join(folder, "file one.txt"), "1");
  await git("add", ".");
  await git("commit", "-m", "first");
  const before = await gitState(folder);
  await git("commit", "--allow-empty", "-m", "second");
  await git("remote", "add", "origin", "https://me:password@example.com/repo.git");
  await writeFile(join(folder, "file one.txt"), "2");
  const after = await gitState(folder);
  expect(after).toMatchObject({ branch: "trunk", remote: "https://example.com/repo.git", isDirty: true });
  expect(await gitChangedFiles(folder)).toEqual(["file one.txt"]);
  expect(await gitCommitsBetween(folder, before?.head ?? "", after?.head ?? "")).toEqual([
    expect.stringMatching(/^[0-9a-f]+ second$/),
  ]);
});

test("a listening port is found with its owner", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const found = (await listeningPorts()).find((entry) => entry.port === port);
  server.close();
  expect(found).toMatchObject({ address: "127.0.0.1", pid: process.pid });
  expect(found?.command).toContain("node");
});

test("programs are found in the search path and by path, folders and plain files are none", async () => {
  await writeFile(join(folder, "tool"), "#!/bin/sh\n", { mode: 0o755 });
  expect(findProgram("tool", "/", `/nowhere:${folder}`)).toBe(join(folder, "tool"));
  expect(findProgram("./tool", folder, "")).toBe(join(folder, "tool"));
  expect(findProgram("file one.txt", "/", folder)).toBeNull();
  expect(findProgram(folder, "/", "")).toBeNull();
});

/** A killed process nobody has waited for yet is still listed, as a zombie. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (gone) Z");
  return !/\) [ZX]/.test(status);
}
