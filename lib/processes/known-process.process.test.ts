import { spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";

import { afterEach, expect, test } from "vitest";

import { identityOf } from "../process-identity.ts";
import { endTree } from "./end-tree.ts";
import { stillUnmanaged, type KnownProcess } from "./known-process.ts";
import { commandLine, isProcessAlive } from "./process-info.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A running program as PM2 would have started it, and the first line it wrote. */
async function start(script: string): Promise<{ known: KnownProcess; line: string }> {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  children.push(child);
  const line = await new Promise<string>((resolve) =>
    child.stdout.once("data", (bytes: Buffer) => {
      resolve(bytes.toString());
    }),
  );
  const pid = child.pid ?? 0;
  const identity = await identityOf(pid);
  const known = { name: "blog/web", namespace: "app:blog", identity, command: (await commandLine(pid)) ?? "" };
  return { known, line };
}

const forEver = "console.log(1); setInterval(() => {}, 1e6);";

test.skipIf(process.platform !== "linux")("number, start, boot and command must all agree", async () => {
  const { known: real } = await start(forEver);
  expect(await stillUnmanaged([real], tmpdir())).toEqual([real]);
  const strangers: KnownProcess[] = [
    { ...real, identity: { ...real.identity, startedAt: "1" } },
    { ...real, identity: { ...real.identity, boot: "another" } },
    { ...real, identity: { ...real.identity, startedAt: null } },
    { ...real, command: `${real.command} --other` },
  ];
  expect(await stillUnmanaged(strangers, tmpdir())).toEqual([]);
  for (const stranger of strangers) await endTree(stranger);
  expect(await isProcessAlive(real.identity.pid)).toBe(true);
});

test.skipIf(process.platform !== "linux")("a tree that ignores SIGINT is killed after the grace time", async () => {
  const deaf = "process.on('SIGINT', () => {}); setInterval(() => {}, 1e6);";
  const { known: stubborn, line } = await start(
    `${deaf} const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(deaf)}],
      { stdio: "ignore", detached: true }); setTimeout(() => console.log(child.pid), 500);`,
  );
  const child = Number(line);
  expect(await isProcessAlive(child)).toBe(true);
  await endTree(stubborn, 300);
  expect([await isProcessAlive(stubborn.identity.pid), await isProcessAlive(child)]).toEqual([false, false]);
});
