import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { PromptInput, PromptVariable } from "../../../contract/features/prompts.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { createFakeRuns } from "../../testing/fake-runs.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
let folder: string;

const target: RunTarget = {
  engine: "api",
  providerId: "one",
  providerName: "One",
  providerType: "api",
  model: "some-model",
  reason: "First choice",
  dialect: "openai-compatible",
  baseUrl: "http://127.0.0.1:1/v1",
  apiKey: null,
  timeoutMs: 1_000,
  price: null,
};

beforeEach(async () => {
  app = await startTestApp({ resolveTargets: () => [target] });
  folder = join(app.env.dataDir, "prompts");
});

afterEach(async () => {
  await app.end();
});

function variable(name: string, more: Partial<PromptVariable> = {}): PromptVariable {
  return { name, type: "text", description: "", isRequired: true, default: null, choices: [], ...more };
}

function input(body: string, more: Partial<PromptInput> = {}): PromptInput {
  return { title: "Review", description: "", variables: [], body, ...more };
}

async function create(id: string, body: string, more: Partial<PromptInput> = {}) {
  return app.call("prompts.create", { body: { id, input: input(body, more) } });
}

const fileOf = (id: string): string => join(folder, `${id}.md`);
const versionsOf = async (id: string) => (await app.call("prompts.versions", { params: { id } })).versions;
const summaryOf = async (id: string) => (await app.call("prompts.list", {})).prompts.find((prompt) => prompt.id === id);

describe("prompts over HTTP", () => {
  it("are there only when the user made them", async () => {
    expect(await app.call("prompts.list", {})).toEqual({ prompts: [], problems: [] });
    const examples = await app.call("prompts.examples", {});
    expect(examples.map(({ id }) => id)).toEqual(["review-a-diff", "write-tests", "explain-an-error"]);
    for (const example of examples) {
      const { summary } = await app.call("prompts.create", { body: example });
      expect(summary.issues, example.id).toEqual([]);
    }
  });

  it("make each save a version with author, time and message, and nothing of a save that changes nothing", async () => {
    const { summary } = await app.call("prompts.create", {
      body: { input: input("One", { title: "Größe: prüfen!" }) },
    });
    expect(summary.id).toBe("gro-e-prufen");
    const { id } = summary;
    const saved = await app.call("prompts.save", {
      params: { id },
      body: { input: input("Two", { title: "Other name" }), basedOn: 1, message: "Shorter" },
    });
    expect(saved.summary).toMatchObject({
      id,
      title: "Other name",
      version: 2,
      updatedBy: expect.any(String) as string,
    });
    await app.call("prompts.save", { params: { id }, body: { input: saved.input, basedOn: 2 } });
    expect(await versionsOf(id)).toMatchObject([
      { number: 2, message: "Shorter" },
      { number: 1, message: "" },
    ]);
    const first = await app.call("prompts.version", { params: { id, version: 1 } });
    expect(first.input.body).toBe("One");
    expect(await readFile(fileOf(id), "utf8")).toBe(saved.source);
    const back = await app.call("prompts.restoreVersion", { params: { id, version: 1 } });
    expect(back).toMatchObject({ input: { body: "One" }, summary: { version: 3 } });
    expect((await versionsOf(id))[0]?.message).toBe("Version 1 brought back");
  });

  it("refuse a save over a newer version, and lose none", async () => {
    await create("a", "One");
    await app.call("prompts.save", { params: { id: "a" }, body: { input: input("Two"), basedOn: 1 } });
    await expect(
      app.call("prompts.save", { params: { id: "a" }, body: { input: input("Three"), basedOn: 1 } }),
    ).rejects.toMatchObject({
      status: 409,
      details: { message: expect.stringContaining("version 2 is newer") as string },
    });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) =>
        app.call("prompts.save", { params: { id: "a" }, body: { input: input(`Text ${at}`), basedOn: 2 } }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await versionsOf("a")).toHaveLength(3);
  });

  it("take an edit by hand as a version, live, and keep what they do not know", async () => {
    await create("a", "One {{x}}", { variables: [variable("x")] });
    const { socket, emit, next } = await app.connect();
    await emit("prompts:subscribe", {});
    const changed = next("prompts:event", (payload) => JSON.stringify(payload).includes('"version":2'));
    const text = (await readFile(fileOf("a"), "utf8")).replace(
      "title: Review",
      "title: By hand\nmine:   [1,2]  # keep",
    );
    await writeFile(fileOf("a"), text);
    await changed;
    socket.disconnect();
    expect(await summaryOf("a")).toMatchObject({ title: "By hand", version: 2, updatedBy: "edited by hand" });
    const view = await app.call("prompts.save", {
      params: { id: "a" },
      body: { input: input("Other {{x}}", { title: "By hand", variables: [variable("x")] }), basedOn: 2 },
    });
    expect(view.source).toContain("mine:   [1,2]  # keep\n");
    expect(await versionsOf("a")).toHaveLength(3);
  });

  it("show a broken file as a problem, keep it, and go on with the last good version", async () => {
    await create("a", "Good");
    const broken = "---\ntitle: [\n---\nBroken";
    await writeFile(fileOf("a"), broken);
    await writeFile(join(folder, "My Prompt.md"), "x");
    await writeFile(fileOf("b"), "---\nvariables: 1\n---\nx");
    await writeFile(fileOf("c"), Buffer.from([0x66, 0xff, 0x66]));
    await expect.poll(async () => (await summaryOf("a"))?.problem).toMatch(/^Line 3: the front matter is not YAML/);
    const problems = async () => (await app.call("prompts.list", {})).problems;
    await expect.poll(async () => (await problems()).length).toBe(3);
    expect(await problems()).toEqual([
      { file: "b.md", message: "variables: must be a list of variables with - name" },
      { file: "c.md", message: "It is not UTF-8 text" },
      { file: "My Prompt.md", message: expect.stringContaining("lower-case letters") as string },
    ]);
    const body = { source: { kind: "stored", id: "a" }, values: {} } as const;
    expect((await app.call("prompts.preview", { body })).text).toBe("Good");
    await expect(
      app.call("prompts.save", { params: { id: "a" }, body: { input: input("New"), basedOn: 1 } }),
    ).rejects.toMatchObject({ status: 409 });
    await expect(create("b", "New")).rejects.toMatchObject({ status: 409 });
    expect(await readFile(fileOf("a"), "utf8")).toBe(broken);

    await app.call("prompts.remove", { params: { id: "a" } });
    const kept = (await readdir(join(folder, ".versions/a"))).find((name) => name.startsWith("broken-"));
    expect(await readFile(join(folder, ".versions/a", kept ?? ""), "utf8")).toBe(broken);
    expect((await app.call("prompts.restore", { params: { id: "a" } })).input.body).toBe("Good");

    const again = `${broken} again`;
    await writeFile(fileOf("a"), again);
    await expect.poll(async () => (await summaryOf("a"))?.problem).toMatch(/^Line 3/);
    const back = await app.call("prompts.restoreVersion", { params: { id: "a", version: 1 } });
    expect(back).toMatchObject({ input: { body: "Good" }, summary: { problem: null } });
    expect(await readFile(fileOf("a"), "utf8")).toBe(back.source);
    const aside = (await readdir(join(folder, ".versions/a"))).filter((name) => name.startsWith("broken-"));
    const texts = await Promise.all(aside.map((name) => readFile(join(folder, ".versions/a", name), "utf8")));
    expect(texts).toContain(again);
  });

  it("delete with the way back, and never give a new one the past of another", async () => {
    await create("a", "One");
    await create("b", "{{> a}}", { title: "Includes it" });
    expect(await app.call("prompts.remove", { params: { id: "a" } })).toMatchObject({ includedBy: ["Includes it"] });
    await expect(app.call("prompts.get", { params: { id: "a" } })).rejects.toMatchObject({ status: 404 });
    expect((await summaryOf("b"))?.issues).toMatchObject([{ rule: "no-such-prompt", name: "a" }]);
    const other = await app.call("prompts.create", { body: { input: input("Two", { title: "A" }) } });
    expect(other.summary.id).toBe("a-2");
    expect((await app.call("prompts.restore", { params: { id: "a" } })).summary).toMatchObject({
      version: 1,
      title: "Review",
    });
    expect((await summaryOf("b"))?.issues).toEqual([]);
    await expect(app.call("prompts.restore", { params: { id: "a" } })).rejects.toMatchObject({ status: 409 });
    await expect(app.call("prompts.restore", { params: { id: "never" } })).rejects.toMatchObject({ status: 404 });
  });

  it("refuse loops and broken templates", async () => {
    await create("a", "A {{> b}}");
    await expect(create("b", "B {{> a}}")).rejects.toMatchObject({
      status: 400,
      details: { message: "Prompts include each other in a circle: b → a → b" },
    });
    await expect(create("c", "{{#x}} never closed")).rejects.toMatchObject({ status: 400 });
    await create("d", "fine");
    await expect(
      app.call("prompts.save", { params: { id: "d" }, body: { input: input("{{> d}}"), basedOn: 1 } }),
    ).rejects.toMatchObject({ status: 400 });
    await writeFile(fileOf("b"), "B {{> a}}"); // by hand it cannot be refused, so it is told and does not run
    await expect.poll(async () => (await summaryOf("a"))?.issues[0]?.rule).toBe("loop");
  });

  it("ids never lead out of the folder", async () => {
    await mkdir(join(app.env.dataDir, "other"), { recursive: true });
    for (const id of ["..%2Fother", "%2e%2e", "a/b", "A", ".versions"]) {
      const response = await fetch(`${app.base}/api/prompts/${id}`);
      expect([400, 404], id).toContain(response.status);
    }
  });
});

describe("previewing", () => {
  it("shows the text, marks what is missing and estimates tokens", async () => {
    await create("part", "Be {{tone}}.", { variables: [variable("tone", { default: "kind" })] });
    const variables = [variable("name"), variable("count", { type: "number", isRequired: false })];
    const source = {
      kind: "draft",
      id: null,
      body: "Hi {{name}}{{#count}} x{{count}}{{/count}}! {{> part}}",
      variables,
    } as const;
    const preview = await app.call("prompts.preview", { body: { source: { ...source, variables }, values: {} } });
    expect(preview).toMatchObject({
      text: "Hi ‹name›! Be kind.",
      issues: [{ rule: "missing", name: "name", message: "name is missing" }],
      characters: 19,
      estimatedTokens: 5,
    });
    expect(preview.variables.map(({ name }) => name)).toEqual(["name", "count", "tone"]);
    const full = await app.call("prompts.preview", {
      body: { source: { ...source, variables }, values: { name: "<Ada & Bob>", count: 3, tone: "short" } },
    });
    expect(full).toMatchObject({ text: "Hi <Ada & Bob> x3! Be short.", issues: [] });
  });

  it("names every variable and the rule it breaks", async () => {
    const variables = [
      variable("a"),
      variable("b", { type: "number" }),
      variable("c", { type: "choice", choices: ["x", "y"] }),
      variable("d", { type: "list" }),
      variable("e", { type: "yes-no" }),
    ];
    const values = { a: "two\nlines", b: "three", c: "z", d: ["x", 1], e: "perhaps", f: 1 };
    const source = { kind: "draft", id: null, variables, body: "{{a}}{{g}}" } as const;
    const { issues } = await app.call("prompts.preview", { body: { source: { ...source, variables }, values } });
    expect(issues.map(({ message }) => message)).toEqual([
      "The text uses {{g}}, which is not one of its variables",
      "a must be one line",
      "b must be a number",
      "c must be one of: x, y",
      "d must be a list of texts",
      "e must be yes or no (true or false)",
      "f is not a variable of this prompt",
    ]);
  });
});

describe("what is edited is what runs", () => {
  it("gives a run the text of this moment, of an older version when asked, and tells which", async () => {
    const cos = createFakeRuns(app.env);
    await cos.start();
    try {
      await create("hello", "Say hello to {{name}}.", { variables: [variable("name")] });
      const run = async (more: object = {}, values: Record<string, string> = { name: "Ada" }) =>
        (
          await app.call("runs.create", {
            body: {
              prompt: { kind: "template", promptId: "hello", values, ...more },
              choices: [{ providerId: "one" }],
            },
          })
        ).runs[0];

      const first = await run();
      expect(cos.specs.at(-1)).toMatchObject({ text: "Say hello to Ada.", prompt: { id: "hello", version: 1 } });

      // by hand, and at once: nobody waits until the folder's watcher has seen it
      await appendFile(fileOf("hello"), "Be brief.\n");
      await run();
      expect(cos.specs.at(-1)).toMatchObject({
        text: "Say hello to Ada.\nBe brief.",
        prompt: { id: "hello", version: 2 },
      });

      await app.call("prompts.save", {
        params: { id: "hello" },
        body: { input: input("Greet {{name}}!", { variables: [variable("name")] }), basedOn: 2 },
      });
      await run();
      expect(cos.specs.at(-1)).toMatchObject({ text: "Greet Ada!", prompt: { id: "hello", version: 3 } });
      await run({ version: 1 });
      expect(cos.specs.at(-1)).toMatchObject({ text: "Say hello to Ada.", prompt: { id: "hello", version: 1 } });

      const { uses, unknown } = await app.call("prompts.uses", { params: { id: "hello" } });
      expect(unknown).toEqual([]);
      expect(uses.map(({ version }) => version).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual([1, 1, 2, 3]);
      expect(uses).toContainEqual(expect.objectContaining({ kind: "run", link: `/agents/${first?.id ?? ""}` }));

      await expect(run({}, {})).rejects.toMatchObject({
        status: 400,
        details: { issues: [{ path: "body.prompt.values.name", message: "name is missing" }] },
      });
      await expect(run({ version: 9 })).rejects.toMatchObject({ status: 404 });
      await app.call("prompts.remove", { params: { id: "hello" } });
      await expect(run()).rejects.toMatchObject({ status: 404 });
      expect(cos.specs).toHaveLength(4);
    } finally {
      await cos.stop();
    }
  });

  it("gives it what an included prompt says by now", async () => {
    const cos = createFakeRuns(app.env);
    await cos.start();
    try {
      await create("rules", "Old rules.");
      await create("work", "Work. {{> rules}}");
      await writeFile(fileOf("rules"), "New rules.\n");
      await app.call("runs.create", {
        body: { prompt: { kind: "template", promptId: "work" }, choices: [{ providerId: "one" }] },
      });
      expect(cos.specs[0]).toMatchObject({
        text: "Work. New rules.",
        prompt: { id: "work", version: 1, includes: [{ id: "rules", version: 2 }] },
      });
      const { uses } = await app.call("prompts.uses", { params: { id: "rules" } });
      expect(uses.find(({ kind }) => kind === "run")).toMatchObject({ version: 2 });
    } finally {
      await cos.stop();
    }
  });
});

describe("what keeps a prompt", () => {
  const schedule = { kind: "cron", expression: "0 3 1 1 *", zone: "UTC" } as const;
  const automation = (name: string, action: object): never =>
    ({ name, schedule, action, missedPolicy: { kind: "skip" }, overlapPolicy: "skip" }) as never;

  it("are tasks and automations: they stand where it is used, and deleting it says who cannot do without", async () => {
    await create("hello", "Say hello to {{name}}.", { variables: [variable("name")] });
    const template = { promptId: "hello", version: null, values: { name: "Ada" } };
    await app.call("tasks.create", { body: { title: "Greet", template, state: "draft" } });
    const task = { kind: "task", title: "Greet daily", template: { ...template, version: 1 } };
    await app.call("automations.create", { body: automation("Every day", task) });
    const prompt = { kind: "template", promptId: "hello", values: { name: "Bo" } };
    const run = { kind: "run", prompt, choice: { providerId: "one" } };
    await app.call("automations.create", { body: automation("Every night", run) });
    const { uses } = await app.call("prompts.uses", { params: { id: "hello" } });
    const told = uses.map(({ kind, name, version }) => `${kind} ${name} ${String(version)}`);
    expect(told).toEqual(["task Greet null", "automation Every day 1", "automation Every night null"]);
    const { usedBy } = await app.call("prompts.remove", { params: { id: "hello" } });
    expect(usedBy).toEqual(["Greet", "Every day", "Every night"]);
  });

  it("is told at once what is wrong with its values", async () => {
    await create("hello", "Say hello to {{name}}.", { variables: [variable("name")] });
    const template = { promptId: "hello", version: null, values: {} };
    await expect(app.call("tasks.create", { body: { title: "Greet", template } })).rejects.toMatchObject({
      status: 400,
      details: { issues: [{ path: "body.template.values.name", message: "name is missing" }] },
    });
    await expect(
      app.call("tasks.create", { body: { title: "Greet", template: { ...template, promptId: "gone" } } }),
    ).rejects.toMatchObject({ status: 400, details: { issues: [{ path: "body.template.promptId" }] } });
    const run = { kind: "run", prompt: { kind: "template", promptId: "hello" }, choice: { providerId: "one" } };
    await expect(app.call("automations.create", { body: automation("Every night", run) })).rejects.toMatchObject({
      details: { issues: [{ path: "body.action.prompt.values.name" }] },
    });
  });
});

describe("import and export", () => {
  it("gives the file as it is and takes it in again", async () => {
    await create("a", "One");
    expect(await app.call("prompts.download", { params: { id: "a" } })).toBe(await readFile(fileOf("a"), "utf8"));
    await create("b", "Two");
    const bundle = (await app.call("prompts.bundle", { query: {} })) as unknown as { prompts: object[] };
    expect(bundle.prompts).toHaveLength(2);
    const text = JSON.stringify(bundle);
    const take = async (decisions = {}) =>
      (await app.call("prompts.import", { body: { files: [{ name: "prompts.json", text }], decisions } })).results;
    expect((await take()).map(({ outcome }) => outcome)).toEqual(["same", "same"]);

    await app.call("prompts.save", { params: { id: "a" }, body: { input: input("Mine"), basedOn: 1 } });
    await rm(fileOf("b"));
    await expect.poll(() => summaryOf("b")).toBeUndefined();
    expect(await take()).toMatchObject([
      { id: "a", outcome: "conflict", savedAs: null },
      { id: "b", outcome: "added", savedAs: "b" },
    ]);
    expect((await app.call("prompts.get", { params: { id: "a" } })).input.body).toBe("Mine");
    expect(await take({ a: "copy" })).toMatchObject([{ outcome: "added", savedAs: "a-2" }, { outcome: "same" }]);
    expect((await take({ a: "skip" }))[0]).toMatchObject({ outcome: "skipped", savedAs: null });
    expect((await take({ a: "replace" }))[0]).toMatchObject({ outcome: "replaced", savedAs: "a" });
    expect((await versionsOf("a")).map(({ message }) => message)).toEqual(["Imported", "", ""]);
  });

  it("makes an id of a file's name, and tells what is no prompt without stopping for it", async () => {
    const files = [
      { name: "Review a Diff.md", text: "Look at it." },
      { name: "broken.md", text: "---\ntitle: x\n" },
      { name: "loop.md", text: "{{#a}}" },
    ];
    const { results } = await app.call("prompts.import", { body: { files } });
    expect(results).toMatchObject([
      { id: "review-a-diff", outcome: "added", title: "Review a diff" },
      { id: "broken", outcome: "broken" },
      { id: "loop", outcome: "broken" },
    ]);
    const wrong = [
      { name: "x.json", text: "[]" },
      { name: "y.json", text: "{" },
      { name: "good.md", text: "Good." },
    ];
    expect((await app.call("prompts.import", { body: { files: wrong } })).results).toMatchObject([
      { id: "x.json", outcome: "broken", message: "x.json is not a bundle of prompts" },
      { id: "y.json", outcome: "broken", message: "y.json is not JSON" },
      { id: "good", outcome: "added" },
    ]);
  });
});

describe("after a restart", () => {
  it("everything is as it was, and what was edited meanwhile is a version", async () => {
    await create("a", "One");
    const directory = join(app.env.dataDir, "..");
    await app.stop();
    await appendFile(fileOf("a"), "Two\n");
    await rm(join(folder, ".versions/a/index.json"));
    app = await startTestApp({ directory });
    expect(await summaryOf("a")).toMatchObject({ version: 2, updatedBy: "edited by hand" });
    expect(await versionsOf("a")).toMatchObject([{ number: 2 }, { number: 1, author: "not known" }]);
  });
});
