import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { readLastEnd } from "./last-end.ts";
import { readLogTail } from "./log-tail.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-tail-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

test("gives the last lines without colours, oldest first", async () => {
  const path = await file(
    "a.log",
    Array.from({ length: 300 }, (_, index) => `\u001b[31mline ${index}\u001b[0m`).join("\n") + "\n",
  );
  const lines = await readLogTail([path, path], 200);
  expect(lines).toHaveLength(200);
  expect([lines[0], lines.at(-1)]).toEqual(["line 100", "line 299"]);
});

test("secrets are taken out, also a private key whose beginning is out of reach", async () => {
  const key = `${"A".repeat(64)}\n`.repeat(8_000);
  const path = await file(
    "a.log",
    `-----BEGIN PRIVATE KEY-----\n${key}-----END PRIVATE KEY-----\npassword=hunter22 ok\n`,
  );
  const lines = await readLogTail([path], 200);
  expect(lines).toEqual(["[redacted]-----END PRIVATE KEY-----", "password=[redacted] ok"]);
});

test("a line a progress bar wrote over shows what stood there last", async () => {
  const path = await file("a.log", "10 %\r50 %\r100 %\nwindows\r\n");
  expect(await readLogTail([path], 10)).toEqual(["100 %", "windows"]);
});

test("output and error file are merged by time, stack lines stay with their line", async () => {
  const out = await file("out.log", "2026-03-01T12:00:00.000Z: start\n2026-03-01T12:00:02.000Z: end\n");
  const error = await file("err.log", "2026-03-01T12:00:01.000Z: Error: boom\n    at x.js:1\n");
  expect(
    (await readLogTail([out, error, join(directory, "none.log"), null], 10)).map((line) => line.slice(-9)),
  ).toEqual(["0Z: start", "ror: boom", "at x.js:1", "000Z: end"]);
});

test("how a process ended last is read from PM2's own log", async () => {
  const path = await file(
    "pm2.log",
    [
      "2026-03-01T12:00:00: PM2 log: App [blog/web:1] starting in -fork mode-",
      "2026-03-01T12:00:00: PM2 log: App [blog/web:1] exited with code [0] via signal [SIGKILL]",
      "2026-03-01T12:00:01: PM2 log: Stopping app:blog/web id:2",
      "2026-03-01T12:00:01: PM2 log: App [blog/web:2] exited with code [0] via signal [SIGTERM]",
      "2026-03-01T12:00:02: PM2 log: Stopping app:shop id:3",
      "2026-03-01T12:00:02: PM2 log: App [shop:3] exited with code [0] via signal [SIGINT]",
      "2026-03-01T12:00:02: PM2 log: App [shop:3] starting in -fork mode-",
      "2026-03-01T12:00:02: PM2 log: App [shop:3] exited with code [3] via signal [SIGINT]",
      "2026-03-01T12:00:02: PM2 log: App [shop:3] will restart in 100ms",
    ].join("\n"),
  );
  expect(await readLastEnd(path, "blog/web", 1)).toEqual({ signal: "SIGKILL", wasAsked: false });
  expect(await readLastEnd(path, "blog/web", 2)).toEqual({ signal: "SIGTERM", wasAsked: true });
  expect(await readLastEnd(path, "shop", 3)).toEqual({ signal: null, wasAsked: false });
  expect(await readLastEnd(path, "blog/web", 9)).toEqual({ signal: null, wasAsked: false });
  expect(await readLastEnd(join(directory, "none.log"), "shop", 3)).toEqual({ signal: null, wasAsked: false });
});
