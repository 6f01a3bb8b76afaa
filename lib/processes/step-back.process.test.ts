import { once } from "node:events";
import { spawn } from "node:child_process";
import { getPriority } from "node:os";

import { expect, test } from "vitest";

import { systemProc } from "./proc-reader.ts";
import { stepBack } from "./step-back.ts";

const own = getPriority();
const groupOf = (pid: number | "self"): string | null => systemProc.read(`/proc/${pid}/autogroup`);

test("a program and what it starts stand behind everything else, and this process stays where it is", async () => {
  const ownGroup = groupOf("self");
  const child = spawn("/bin/sh", ["-c", "sleep 0.2; sleep 30 & echo $!; wait"], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pid = child.pid ?? 0;
  stepBack(pid);
  try {
    const [data] = (await once(child.stdout, "data")) as [Buffer];
    expect(getPriority(pid)).toBe(10);
    expect(getPriority(Number(data.toString()))).toBe(10);
    if (ownGroup !== null) await expect.poll(() => groupOf(pid)).toMatch(/ nice 10$/m);
    expect(getPriority()).toBe(own);
    expect(groupOf("self")).toBe(ownGroup);
  } finally {
    process.kill(-pid, "SIGKILL");
  }
});

test("the session of this process stays as it is for a program that leads none", async () => {
  const ownGroup = groupOf("self");
  const child = spawn("sleep", ["30"], { stdio: "ignore" });
  stepBack(child.pid);
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  expect(groupOf("self")).toBe(ownGroup);
  child.kill("SIGKILL");
});

test("a program that has ended, or was never there, is left alone", () => {
  stepBack(undefined);
  stepBack(2 ** 22 + 1);
});
