import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { RunEvent } from "../../../contract/features/run-events.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { EventLog, readEvents } from "./event-log.ts";

const newFolder = useTemporaryFolders();
const at = "2026-11-20T12:00:00.000Z";
const say = (text: string) => ({ kind: "text" as const, text });

async function filled(folder: string, count: number, text = "x"): Promise<RunEvent[]> {
  const told: RunEvent[] = [];
  const log = await EventLog.open(folder, (events) => told.push(...events));
  for (let number = 1; number <= count; number += 1) log.append(at, say(`${text}${number}`));
  await log.close();
  return told;
}

describe("event log", () => {
  it("tells events once they are in the file, numbered from 1 without a gap", async () => {
    const folder = await newFolder();
    const told = await filled(folder, 500);
    expect(told.map(({ number }) => number)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(await readEvents(folder, 0, 1_000)).toEqual(told);
  });

  it("goes on with the next number when it is opened again", async () => {
    const folder = await newFolder();
    await filled(folder, 3);
    const log = await EventLog.open(folder, () => undefined);
    log.append(at, say("more"));
    await log.close();
    expect((await readEvents(folder, 2, 10)).map(({ number }) => number)).toEqual([3, 4]);
  });

  it.each([
    ["half a line", '{"number":4,"at":"2026'],
    ["a line that is no event", '{"number":4}\n'],
    ["zeros a power cut left", "\0\0\0\0\n\0\0"],
  ])("drops %s at its end and gives the number again", async (_what, torn) => {
    const folder = await newFolder();
    await filled(folder, 3);
    const [name = ""] = await readdir(folder);
    await appendFile(join(folder, name), torn);
    const log = await EventLog.open(folder, () => undefined);
    expect(log.last).toBe(3);
    log.append(at, say("again"));
    await log.close();
    expect((await readEvents(folder, 3, 10)).map(({ number, body }) => [number, body])).toEqual([[4, say("again")]]);
  });

  it("reads no torn line while another process writes", async () => {
    const folder = await newFolder();
    await filled(folder, 2);
    const [name = ""] = await readdir(folder);
    await appendFile(join(folder, name), '{"number":3,"at"');
    expect(await readEvents(folder, 0, 10)).toHaveLength(2);
  });

  it("begins a new file after 1 MiB and reads across files from any number", async () => {
    const folder = await newFolder();
    const told = await filled(folder, 400, "y".repeat(8_000));
    const names = (await readdir(folder)).toSorted();
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect((await readFile(join(folder, name))).length).toBeLessThan(1024 * 1024 + 9_000);
    for (const after of [0, 1, 130, 131, 132, 399, 400])
      expect((await readEvents(folder, after, 5)).map(({ number }) => number)).toEqual(
        told.slice(after, after + 5).map(({ number }) => number),
      );
  });

  it("hands out at most about 4 MiB at once", async () => {
    const folder = await newFolder();
    await filled(folder, 200, "z".repeat(60_000));
    const events = await readEvents(folder, 0, 2_000);
    expect(events.length).toBeGreaterThan(50);
    expect(events.length).toBeLessThan(90);
  });

  it("remembers where in the output of the present attempt it stood", async () => {
    const folder = await newFolder();
    const log = await EventLog.open(folder, () => undefined);
    const attempt = {
      kind: "attempt" as const,
      number: 1,
      providerId: "a",
      providerName: "A",
      model: null,
      reason: "r",
    };
    log.append(at, attempt);
    log.append(at, say("a"), { offset: 40, items: 1 });
    log.append(at, { kind: "state", state: "running", message: null });
    log.append(at, say("b, a"));
    await log.close();
    const again = await EventLog.open(folder, () => undefined);
    expect(again.position).toEqual({ offset: 40, items: 1 });
    expect(again.toldBehind).toEqual([{ kind: "state", state: "running", message: null }, say("b, a")]);
    const next = await EventLog.open(folder, () => undefined);
    next.append(at, { ...attempt, number: 2 });
    await next.close();
    expect(await EventLog.open(folder, () => undefined)).toMatchObject({ position: null, toldBehind: [] });
    expect(await readEvents(folder, 1, 1)).toEqual([{ number: 2, at, body: say("a") }]);
  });

  it("keeps what the disk refused and writes it later", async () => {
    const folder = await newFolder();
    const log = await EventLog.open(folder, () => undefined);
    await writeFile(join(folder, "000000001.jsonl"), "", { mode: 0o600 });
    const { rm } = await import("node:fs/promises");
    await rm(folder, { recursive: true });
    log.append(at, say("a"));
    // Told to the user.
    await expect(log.flush()).rejects.toMatchObject({
      code: "unavailable",
      message: `${folder} could not be written (ENOENT); it was not changed.`,
    });
    const { mkdir } = await import("node:fs/promises");
    await mkdir(folder);
    log.append(at, say("b"));
    await log.close();
    expect((await readEvents(folder, 0, 10)).map(({ body }) => body)).toEqual([say("a"), say("b")]);
  });
});
