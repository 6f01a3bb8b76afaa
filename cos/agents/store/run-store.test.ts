import { describe, expect, it } from "vitest";

import { silentLogger } from "../../../lib/logger.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { newRecord } from "../testing/run-records.ts";
import { RunStore } from "./run-store.ts";

const newFolder = useTemporaryFolders();
let now = Date.parse("2026-11-20T12:00:00Z");
const clock = { now: () => now, monotonic: () => performance.now() };
const nobody = (): null => null;

async function store(): Promise<RunStore> {
  return new RunStore({ directory: `${await newFolder()}/runs`, clock, logger: silentLogger });
}

describe("run store", () => {
  it("lists newest first in pages that neither skip nor repeat, also while runs are added", async () => {
    const runs = await store();
    for (let number = 1; number <= 45; number += 1) await runs.create(newRecord(number), "text", ["a"]);
    const seen: string[] = [];
    let before: string | undefined;
    for (let page = 0; page < 10; page += 1) {
      const { items, next } = await runs.page({ limit: 10, before }, nobody);
      seen.push(...items.map(({ title }) => title));
      await runs.create(newRecord(100 + page), "text", ["a"]);
      if (next === null) break;
      before = next;
    }
    expect(seen).toEqual(Array.from({ length: 45 }, (_, index) => `Run ${45 - index}`));
    await runs.close();
  });

  it("finds by state, provider, app, group and words", async () => {
    const runs = await store();
    for (let number = 1; number <= 30; number += 1)
      await runs.create(
        newRecord(number, {
          appId: number % 3 === 0 ? "shop" : null,
          groupId: number % 5 === 0 ? "g" : null,
          state: number % 2 === 0 ? "failed" : "succeeded",
        }),
        number === 7 ? "Mend the Login page" : "text",
        [number % 4 === 0 ? "claude" : "codex"],
      );
    const count = async (query: object): Promise<number> =>
      (await runs.page({ limit: 100, ...query }, nobody)).items.length;
    expect(await count({})).toBe(30);
    expect(await count({ app: "shop" })).toBe(10);
    expect(await count({ group: "g" })).toBe(6);
    expect(await count({ state: "failed" })).toBe(15);
    expect(await count({ provider: "claude" })).toBe(7);
    expect(await count({ provider: "claude", state: "succeeded" })).toBe(0);
    expect(await count({ text: "login PAGE" })).toBe(1);
    expect(await count({ text: "nothing like it" })).toBe(0);
    await runs.close();
  });

  it("finds nobody by a secret and shows it in no title, also of a time before it was known", async () => {
    const runs = await store();
    await runs.create(newRecord(1, { title: "Use Amber-Falcon-19" }), "text", []);
    registerSecret("Amber-Falcon-19");
    await runs.create(newRecord(2, { title: "Try Amber-Falcon-19" }), `${"long ".repeat(198)}Amber-Falcon-19`, []);
    const { items } = await runs.page({ limit: 10 }, nobody);
    expect(items.map(({ title }) => title)).toEqual(["Try [redacted]", "Use [redacted]"]);
    expect((await runs.read(newRecord(1).run.id))?.run.title).toBe("Use [redacted]");
    const found = await runs.page({ limit: 10, text: "amber-fal" }, nobody);
    expect(found.items).toEqual([]);
    expect((await runs.page({ limit: 10, text: "use" }, nobody)).items).toHaveLength(1);
    expect(await runs.prompt(newRecord(2).run.id)).toContain("Amber-Falcon-19");
    await runs.close();
  });

  it("refuses an id that is taken, also by a run that was set aside", async () => {
    const runs = await store();
    await runs.create(newRecord(1), "text", []);
    await expect(runs.create(newRecord(1), "other", [])).rejects.toMatchObject({ code: "conflict" });
    await runs.remove(newRecord(1).run.id);
    await expect(runs.create(newRecord(1), "other", [])).rejects.toMatchObject({ code: "conflict" });
    await runs.close();
  });

  it("brings a removed run back for a day, however long it is, at its old place", async () => {
    const runs = await store();
    for (let number = 1; number <= 3; number += 1) await runs.create(newRecord(number), `text ${number}`, []);
    const { id } = newRecord(2).run;
    await runs.remove(id);
    const titles = async (): Promise<string[]> =>
      (await runs.page({ limit: 10 }, nobody)).items.map(({ title }) => title);
    expect(await titles()).toEqual(["Run 3", "Run 1"]);
    await expect(runs.prompt(id)).rejects.toMatchObject({ code: "not_found" });
    await runs.restore(id);
    expect(await titles()).toEqual(["Run 3", "Run 2", "Run 1"]);
    expect(await runs.prompt(id)).toBe("text 2");
    await runs.remove(id);
    now += 25 * 3_600_000;
    await runs.remove(newRecord(1).run.id);
    expect((await runs.readRemoved(id))?.run.title).toBe("Run 2");
    now += 2 * 3_600_000;
    await runs.remove(newRecord(3).run.id);
    expect(await runs.readRemoved(id)).toBeNull();
    await expect(runs.restore(id)).rejects.toMatchObject({ code: "not_found" });
    await runs.close();
  });

  it("gives the live state of runs that have not ended", async () => {
    const runs = await store();
    const record = newRecord(1, { state: "queued" });
    await runs.create(record, "text", []);
    const { items } = await runs.page({ limit: 10, state: "running" }, () => ({ ...record.run, state: "running" }));
    expect(items).toHaveLength(1);
    expect(await runs.openIds()).toEqual([record.run.id]);
    await runs.markEnded(record.run.id);
    expect(await runs.openIds()).toEqual([]);
    await runs.close();
  });
});
