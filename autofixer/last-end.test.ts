import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readLastEnd } from "./last-end.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-last-end-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function endOf(lines: readonly string[]): ReturnType<typeof readLastEnd> {
  const file = join(folder, "pm2.log");
  await writeFile(file, lines.map((line) => `2026-11-21T04:38:58: PM2 log: ${line}\n`).join(""));
  return readLastEnd(file, "shop/web", 7);
}

describe("how a process ended, by the log of PM2", () => {
  const exited = "App [shop/web:7] exited with code [1] via signal [SIGINT]";

  it("was not asked for when nobody stopped it", async () => {
    expect(await endOf(["App [shop/web:7] online", exited, "App [shop/web:7] will restart in 100ms"])).toEqual({
      signal: null,
      wasAsked: false,
    });
  });

  it("names the signal", async () => {
    expect(await endOf(["App [shop/web:7] exited with code [0] via signal [SIGKILL]"])).toEqual({
      signal: "SIGKILL",
      wasAsked: false,
    });
  });

  it("was asked for when a stop stands before it, with lines of others in between", async () => {
    const lines = ["Stopping app:shop/web id:7", "App [other:8] online", exited];
    expect(await endOf(lines)).toEqual({ signal: null, wasAsked: true });
  });

  it("is no new crash when it is stopped while it waits for its next restart", async () => {
    const lines = [exited, "App [shop/web:7] will restart in 15000ms", "Stopping app:shop/web id:7"];
    expect(await endOf(lines)).toEqual({ signal: null, wasAsked: true });
  });

  it("was not asked for when it crashed after it was stopped and started again", async () => {
    const lines = [exited, "Stopping app:shop/web id:7", "App [shop/web:7] online", exited];
    expect(await endOf(lines)).toEqual({ signal: null, wasAsked: false });
  });
});
