import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Task } from "../../../contract/features/tasks.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
let path: string;

beforeEach(async () => {
  app = await startTestApp();
  path = join(app.env.dataDir, "TASKS.md");
});

afterEach(async () => {
  await app.end();
});

const create = (title: string, more: Record<string, unknown> = {}): Promise<Task> =>
  app.call("tasks.create", { body: { title, ...more } });
const tasks = async (): Promise<Task[]> => (await app.call("tasks.list", {})).tasks;
const titles = async (): Promise<string[]> => (await tasks()).map(({ title }) => title);
const fileState = async () => (await app.call("tasks.list", {})).file;
const written = (text: string) => expect.poll(async () => readFile(path, "utf8").catch(() => "")).toContain(text);

describe("tasks", () => {
  it("are added, changed, moved, cancelled, deleted and brought back", async () => {
    const one = await create("One", { type: "fix", priority: "high", instructions: "Do it.\r\nNow." });
    expect(one).toMatchObject({ state: "ready", type: "fix", instructions: "Do it.\nNow.", choice: { kind: "best" } });
    const two = await create("Two");
    const draft = await create("Three", { state: "draft" });
    expect(await titles()).toEqual(["One", "Two", "Three"]);
    await app.call("tasks.move", { params: { id: two.id }, body: { before: one.id } });
    expect(await titles()).toEqual(["Two", "One", "Three"]);
    const ready = await app.call("tasks.move", { params: { id: draft.id }, body: { state: "ready", before: two.id } });
    expect(ready.state).toBe("ready");
    expect(await titles()).toEqual(["Three", "Two", "One"]);
    const { id: _id, ...input } = one;
    const body = { title: "First", instructions: input.instructions, type: "docs" };
    expect(await app.call("tasks.update", { params: { id: one.id }, body })).toMatchObject({
      title: "First",
      type: "docs",
    });
    expect(await app.call("tasks.cancel", { params: { id: two.id } })).toMatchObject({
      state: "cancelled",
      endedAt: expect.any(String) as string,
      reason: { code: "ended" },
    });
    await app.call("tasks.remove", { params: { id: one.id } });
    expect(await titles()).toEqual(["Three", "Two"]);
    expect(await app.call("tasks.removed", {})).toMatchObject([{ task: { title: "First" } }]);
    await app.call("tasks.restore", { params: { id: one.id } });
    expect(await titles()).toEqual(["Three", "Two", "First"]);
  });

  it("name a provider that is there when it is chosen, and may keep it when it is gone", async () => {
    const url = "http://127.0.0.1:9/v1";
    const kind = { type: "api", dialect: "openai-compatible" } as const;
    const input = { ...kind, name: "Reader", baseUrl: url, models: [{ id: "m" }] };
    const missing = { choice: { kind: "provider", providerId: "nobody" } };
    const issues = [{ path: "body.choice.providerId", message: "is not a provider" }];
    await expect(create("One", missing)).rejects.toMatchObject({ status: 400, details: { issues } });
    const { provider } = await app.call("providers.create", { body: { input } });
    const providerId = provider.id;
    const chosen = { choice: { kind: "provider", providerId } } as const;
    const { id } = await create("One", chosen);
    await app.call("providers.remove", { params: { id: providerId } });
    await app.call("tasks.update", { params: { id }, body: { title: "Two", ...chosen } });
    await expect(app.call("tasks.start", { params: { id } })).rejects.toMatchObject({ status: 409 });
  });

  it("are made once under one key, also after a restart", async () => {
    const key = "one-line-of-quick-add";
    const made = await Promise.all(Array.from({ length: 5 }, () => create("One", { key, state: "draft" })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    const directory = dirname(app.env.dataDir);
    await app.stop();
    app = await startTestApp({ directory });
    expect((await create("One", { key })).id).toBe(made[0]?.id);
    await create("One");
    expect(await titles()).toEqual(["One", "One"]);
  });

  it("refuse a place in their history that is none, naming the field", async () => {
    await create("One").then(({ id }) => app.call("tasks.cancel", { params: { id } }));
    for (const before of ["\0", "t:\0", "r:\0", "r:1:2\0", "t:", "r:", "1:2"])
      await expect(app.call("tasks.history", { query: { before } })).rejects.toMatchObject({
        status: 400,
        details: { issues: [{ path: "query.before", message: "must be the cursor of a page" }] },
      });
    const [first] = (await app.call("tasks.history", { query: { limit: 1 } })).items;
    const next = `t:${first?.endedAt ?? ""} ${first?.id ?? ""}`;
    expect(await app.call("tasks.history", { query: { before: next } })).toEqual({ items: [], next: null });
  });

  it("may not wait for one another, and say who does", async () => {
    const one = await create("One");
    const two = await create("Two", { dependsOn: [one.id] });
    const three = await create("Three", { dependsOn: [two.id] });
    const call = app.call("tasks.update", { params: { id: one.id }, body: { title: "One", dependsOn: [three.id] } });
    await expect(call).rejects.toThrow(
      'This goes in a circle: "One" waits for "Three", which waits for "Two", which waits for "One"',
    );
    await expect(create("Four", { dependsOn: ["task-unknown00"] })).rejects.toThrow("There is no task");
    await expect(create("Five", { appId: "nowhere" })).rejects.toThrow('There is no app "nowhere"');
    await expect(create("Two\nlines")).rejects.toMatchObject({ status: 400 });
  });

  it("are all there after many were added at once, also after a restart", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, index) => create(`Task ${index}`)));
    const before = (await titles()).toSorted();
    expect(before).toHaveLength(40);
    await app.stop();
    app = await startTestApp({ directory: join(app.env.dataDir, "..") });
    expect((await titles()).toSorted()).toEqual(before);
  });

  it("that ended go to the history, whose pages hold each once", async () => {
    for (let index = 0; index < 130; index += 1) {
      const { id } = await create(`Done ${index}`);
      await app.call("tasks.move", { params: { id }, body: { state: "done" } });
    }
    await expect.poll(async () => (await tasks()).length).toBeLessThanOrEqual(120);
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const page = await app.call("tasks.history", {
        query: { limit: 30, ...(before === undefined ? {} : { before }) },
      });
      seen.push(...page.items.map(({ title }) => title));
      if (page.next === null) break;
      before = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 130 }, (_, index) => `Done ${129 - index}`));
    const found = await app.call("tasks.history", { query: { limit: 10, text: "done 0" } });
    const oldest =
      found.items[0] ?? (await app.call("tasks.history", { query: { limit: 10, text: "done 0" } })).items[0];
    expect(oldest?.title).toBe("Done 0");
    const again = await app.call("tasks.move", { params: { id: oldest?.id ?? "" }, body: { state: "ready" } });
    expect(again).toMatchObject({ title: "Done 0", state: "ready", endedAt: null });
    expect((await app.call("tasks.history", { query: { limit: 10, text: "done 0" } })).items).toEqual([]);
  });
});

it("show no secret in a title or a reason, find none by it, and stay what they were", async () => {
  const secret = "amber-wombat-52";
  registerSecret(secret);
  const title = `Deploy with ${secret}`;
  const shown = "Deploy with [redacted]";
  const socket = await app.connect();
  await socket.emit("tasks:subscribe", {});
  const told = socket.next("tasks:event", (payload) => JSON.stringify(payload).includes('"changed"'));
  const made = await create(title);
  expect(made.title).toBe(shown);
  expect(JSON.stringify(await told)).not.toContain(secret);
  const later = await create("Later", { dependsOn: [made.id] });
  expect(JSON.stringify(await app.call("tasks.list", {}))).not.toContain(secret);
  expect(await app.call("tasks.get", { params: { id: made.id } })).toMatchObject({ title: shown });
  await app.call("tasks.update", { params: { id: made.id }, body: { title: shown, type: "docs" } });
  await written(`${title} #docs`);
  await app.call("tasks.remove", { params: { id: later.id } });
  await app.call("tasks.cancel", { params: { id: made.id } });
  const found = async (text: string) => (await app.call("tasks.history", { query: { text } })).items;
  expect(await found("wombat")).toEqual([]);
  expect((await found("deploy")).map((task) => task.title)).toEqual([shown]);
  const removed = await app.call("tasks.remove", { params: { id: made.id } });
  expect(removed.title).toBe(shown);
  expect(JSON.stringify(await app.call("tasks.removed", {}))).not.toContain(secret);
});

describe("TASKS.md", () => {
  it("is written with the first task and follows the board; hand edits come in at once, with everything else kept", async () => {
    await create("One", { type: "fix" });
    await written("- [ ] One #fix <!-- task-");
    const text = await readFile(path, "utf8");
    await writeFile(path, `\uFEFF${text}My own line\r\n- [ ] By hand !urgent\r\n\tDo it well.`);
    await expect.poll(titles).toEqual(["One", "By hand"]);
    expect((await tasks())[1]).toMatchObject({
      priority: "urgent",
      instructions: "Do it well.",
      source: { kind: "file" },
    });
    expect(await readFile(path, "utf8")).toBe(`\uFEFF${text}My own line\r\n- [ ] By hand !urgent\r\n\tDo it well.`);
    const [, hand] = await tasks();
    await app.call("tasks.move", { params: { id: hand?.id ?? "" }, body: { state: "done" } });
    await written("My own line\r\n- [x] By hand !urgent <!-- task-");
    expect(await readFile(path, "utf8")).toMatch(/\r\n\tDo it well\.$/);
  });

  it("a line deleted by hand deletes its task, which the notice brings back", async () => {
    await writeFile(path, "- [ ] One\n- [ ] Two\n- [ ] Three\n");
    await expect.poll(titles).toEqual(["One", "Two", "Three"]);
    await writeFile(path, "- [ ] One\n- [ ] Three\n");
    await expect.poll(titles).toEqual(["One", "Three"]);
    const newest = async () => (await app.call("notifications.list", {}))[0];
    await expect.poll(async () => (await newest())?.title).toBe("Deleted in TASKS.md: Two");
    const notice = await newest();
    const id = notice?.link?.split("/").at(-1) ?? "";
    await app.call("tasks.restore", { params: { id } });
    await written("- [ ] Two <!-- ");
  });

  it("emptied, deleted, binary or huge it takes nothing away and is not overwritten until somebody says so", async () => {
    for (const title of ["One", "Two", "Three"]) await create(title);
    await written("Three");
    const notes = "\n## My own notes\n\n* milk\n\teggs \n";
    await writeFile(path, (await readFile(path, "utf8")) + notes);
    await create("Behind the notes");
    await written("Behind the notes");
    for (const [spoil, problem] of [
      [() => writeFile(path, ""), "lost 4 of 4"],
      [() => writeFile(path, Buffer.from([1, 0, 2])), "not UTF-8"],
      [() => writeFile(path, "x".repeat(10_000_000)), "larger than 5 MB"],
      [() => rm(path), "is gone"],
    ] as const) {
      await spoil();
      await expect.poll(async () => (await fileState()).problem).toContain(problem);
      const before = await readFile(path).catch(() => null);
      await create(`More ${problem}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const after = await readFile(path).catch(() => null);
      expect(before === null ? after === null : after?.equals(before)).toBe(true);
      expect(await titles()).toEqual(expect.arrayContaining(["One", "Two", "Three"]));
      expect(await app.call("tasks.settleFile", { body: { choice: "put-back" } })).toMatchObject({ problem: null });
      expect(await readFile(path, "utf8")).toContain(`More ${problem}`);
      expect(await readFile(path, "utf8")).toContain(notes);
    }
    await app.stop();
    await writeFile(path, "");
    app = await startTestApp({ directory: join(app.env.dataDir, "..") });
    await expect.poll(async () => (await fileState()).choices).toContain("put-back");
    await app.call("tasks.settleFile", { body: { choice: "put-back" } });
    expect(await readFile(path, "utf8")).toContain(notes);
    await writeFile(path, "# Empty on purpose\n");
    await expect.poll(async () => (await fileState()).choices).toContain("accept");
    await app.call("tasks.settleFile", { body: { choice: "accept" } });
    expect(await titles()).toEqual([]);
    expect(await readFile(path, "utf8")).toBe("# Empty on purpose\n");
    expect(await app.call("tasks.removed", {})).toHaveLength(8);
  });

  it("keeps what was edited while PortOS was stopped", async () => {
    await create("One");
    await create("Two");
    await written("Two");
    await app.stop();
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("[ ] One", "[x] One").replace("Two", "Second"));
    app = await startTestApp({ directory: join(app.env.dataDir, "..") });
    await expect.poll(titles).toEqual(["One", "Second"]);
    expect((await tasks())[0]?.state).toBe("done");
  });

  it("loses nothing while an editor and the board change it again and again at the same time", async () => {
    await create("Start");
    await written("Start");
    const editor = async (): Promise<void> => {
      for (let round = 0; round < 40; round += 1) {
        const text = await readThere();
        const next = `${text}- [ ] Hand ${round}\nNote ${round}\n`;
        // Half of the editors write in place, half replace the file; some hold their text for a while.
        if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
        if (round % 2 === 0) await writeFile(path, next);
        else {
          await writeFile(`${path}~`, next);
          await rename(`${path}~`, path);
        }
        await expect.poll(titles, { interval: 5 }).toContain(`Hand ${round}`);
      }
    };
    const board = async (): Promise<void> => {
      for (let round = 0; round < 120; round += 1) {
        const { id } = await create(`Board ${round}`);
        if (round % 3 === 0) await app.call("tasks.move", { params: { id }, body: { state: "done" } });
      }
    };
    await Promise.all([editor(), board()]);
    const all = await titles();
    for (let round = 0; round < 40; round += 1) expect(all).toContain(`Hand ${round}`);
    for (let round = 0; round < 120; round += 1) expect(all).toContain(`Board ${round}`);
    await expect
      .poll(async () => {
        const text = await readFile(path, "utf8");
        const isThere = (line: string): boolean => text.includes(line);
        return Array.from({ length: 40 }, (_, round) => `Note ${round}\n`).filter((line) => !isThere(line));
      })
      .toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  }, 60_000);
});

/** While it is replaced there is an instant without the file; an editor looks again. */
async function readThere(): Promise<string> {
  return readFile(path, "utf8").catch(readThere);
}
