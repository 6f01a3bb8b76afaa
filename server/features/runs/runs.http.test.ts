import { mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { PermissionRequest, RunEvent } from "../../../contract/features/run-events.ts";
import type { Run, RunChoice } from "../../../contract/features/runs.ts";
import type { RunTarget } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { noUsage, sampleRun } from "../../testing/sample-run.ts";
import { sampleTarget } from "../../testing/sample-target.ts";
import { startTestApp, type TestApp, type TestSocket } from "../../testing/test-app.ts";

let directory: string;
let app: TestApp;
let basePort: string | undefined;
let cos: FakeRuns;

function resolveTargets(choice: RunChoice): RunTarget[] {
  if (choice.providerId === "nobody") throw new AppError("invalid_request", "There is no provider nobody");
  return [sampleTarget(choice)];
}

async function startApp(): Promise<void> {
  app = await startTestApp({
    directory,
    resolveTargets,
    ...(basePort === undefined ? {} : { variables: { PORTOS_BASE_PORT: basePort } }),
  });
  basePort = String(app.env.ports.server);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-runs-"));
  basePort = undefined;
  await startApp();
  cos = createFakeRuns(app.env);
  await cos.start();
  await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
  const socket = await app.connect();
  await expect
    .poll(async () => {
      const reply = await socket.emit("runs:subscribe", {});
      return reply.ok && (reply.data as { snapshot: { isUp: boolean } }).snapshot.isUp;
    })
    .toBe(true);
});

afterEach(async () => {
  await cos.stop();
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

async function start(text: string, providers = ["first"], rest: object = {}): Promise<Run[]> {
  const choices = providers.map((providerId) => ({ providerId }));
  return (await app.call("runs.create", { body: { prompt: { kind: "text", text }, choices, ...rest } })).runs;
}

async function startOne(text: string): Promise<Run> {
  const [run] = await start(text);
  if (!run) throw new Error("No run was started");
  return run;
}

const question: PermissionRequest = {
  requestId: "q1",
  askedAt: "2026-11-21T10:00:00.000Z",
  folder: "/tmp",
  call: {
    callId: "c1",
    title: "Run rm -rf build",
    tool: "execute",
    state: "pending",
    input: '{"command":"rm -rf build"}',
    output: null,
    edits: [],
  },
  options: [
    { optionId: "yes", name: "Allow", kind: "allow-once" },
    { optionId: "no", name: "Deny", kind: "deny-once" },
  ],
};

const text = (value: string) => ({ kind: "text" as const, text: value });
const numbers = (events: readonly RunEvent[]): number[] => events.map(({ number }) => number);
const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, index) => from + index);

/** Everything a viewer gets: the reply to its `watch`, then what follows, as it comes. */
async function watch(socket: TestSocket, id: string, after = 0): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  socket.socket.on("agents:events", (payload: { id: string; events: RunEvent[] }) => {
    if (payload.id === id) seen.push(...payload.events);
  });
  const reply = await socket.emit("agents:watch", { id, after });
  if (!reply.ok) throw new Error(reply.error.message);
  seen.unshift(...(reply.data as { events: RunEvent[] }).events);
  return seen;
}

async function titles(): Promise<string[]> {
  return (await app.call("notifications.list", {})).map(({ title }) => title);
}

describe("starting runs", () => {
  it("gives one prompt to several providers as one group, each with its own targets", async () => {
    const runs = await start("# Fix the tests\n\nAll of them.", ["first", "second"]);
    expect(runs.map(({ title }) => title)).toEqual(["Fix the tests", "Fix the tests"]);
    expect(new Set(runs.map(({ groupId }) => groupId)).size).toBe(1);
    expect(runs[0]?.groupId).toMatch(/^group-/);
    expect(cos.specs.map(({ targets }) => targets.map(({ providerId }) => providerId))).toEqual([
      ["first"],
      ["second"],
    ]);
    expect((await app.call("runs.list", { query: { group: runs[0]?.groupId ?? "" } })).items).toHaveLength(2);
  });

  it("is found in the history by the title of the run", async () => {
    const run = await startOne("Fix the tests");
    const { items } = await app.call("history.list", { query: { feature: "runs" } });
    expect(items).toMatchObject([{ action: "runs.create", subject: run.id, subjectName: "Fix the tests" }]);
  });

  it("starts none of a group when one provider cannot be asked", async () => {
    await expect(start("Hello", ["first", "nobody"])).rejects.toMatchObject({ status: 400 });
    expect(cos.specs).toEqual([]);
  });

  it("works in the folder behind a link, and refuses one that is none", async () => {
    const real = await realpath(await mkdtemp(join(directory, "project-")));
    const link = join(directory, "link");
    await symlink(real, link);
    await start("Hello", ["first"], { folder: link });
    expect(cos.specs[0]?.folder).toBe(real);
    const file = join(directory, "file");
    await writeFile(file, "");
    for (const folder of [join(directory, "nothing"), file])
      await expect(start("Hello", ["first"], { folder })).rejects.toMatchObject({
        status: 400,
        details: { issues: [{ path: "body.folder" }] },
      });
    await expect(start("Hello", ["first"], { appId: "nobody" })).rejects.toMatchObject({ status: 400 });
    expect(cos.specs).toHaveLength(1);
  });

  it("says what is missing while portos-cos is away, and shows what was known with its age", async () => {
    const run = await startOne("Hello");
    await cos.stop();
    await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(false);
    const list = await app.call("runs.list", { query: {} });
    expect(list.items.map(({ id }) => id)).toEqual([run.id]);
    expect(Date.parse(list.asOf ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect((await app.call("runs.get", { params: { id: run.id } })).title).toBe("Hello");
    await expect(start("Again")).rejects.toMatchObject({
      status: 503,
      details: { message: "portos-cos is not running", hint: "Restart portos-cos on the System page." },
    });
  });

  it("asks for the PIN before a run that asked for nothing is run again", async () => {
    const [free] = await start("Tidy up", ["first"], { permissionMode: "free" });
    const [asking] = await start("Look around", ["first"], { permissionMode: "ask" });
    await app.call("access.setPin", { body: { pin: "424242", current: null } });
    const again = (run: Run | undefined) => app.call("runs.again", { params: { id: run?.id ?? "" } });
    await expect(again(free)).rejects.toMatchObject({ status: 403, details: { code: "step_up_required" } });
    expect((await again(asking)).permissionMode).toBe("ask");
    expect(cos.specs).toHaveLength(3);
  });

  it("asks the same again as a new run, also when nobody had been asked yet", async () => {
    const run = await startOne("Hello");
    cos.happen(run.id, [{ kind: "state", state: "cancelled", message: null }]);
    const again = await app.call("runs.again", { params: { id: run.id } });
    expect(again.id).not.toBe(run.id);
    expect(cos.specs.map((spec) => [spec.text, spec.targets[0]?.providerId, spec.folder])).toEqual([
      ["Hello", "first", null],
      ["Hello", "first", null],
    ]);
  });

  it("deletes what has ended, brings it back, and keeps what runs", async () => {
    const run = await startOne("Hello");
    const params = { id: run.id };
    await expect(app.call("runs.remove", { params })).rejects.toMatchObject({ status: 409 });
    await app.call("runs.stop", { params });
    expect(cos.run(run.id)).toMatchObject({ state: "cancelled", message: "Stopped by this machine" });
    await app.call("runs.remove", { params });
    expect((await app.call("runs.list", { query: {} })).items).toEqual([]);
    expect((await app.call("runs.restore", { params })).id).toBe(run.id);
    expect((await app.call("runs.list", { query: {} })).items).toHaveLength(1);
  });
});

describe("the events of a run", () => {
  it("come once each and in order, whatever portos-cos repeats or mixes up", async () => {
    const run = await startOne("Hello");
    cos.setUnruly(true);
    const seen = await watch(await app.connect(), run.id);
    for (let round = 0; round < 40; round += 1) cos.happen(run.id, [text(`${round}a`), text(`${round}b`), text("c")]);
    await expect.poll(() => seen.length).toBe(121);
    expect(numbers(seen)).toEqual(upTo(121));
  });

  it("that were missed come first, 5 000 of them, and then the live ones", async () => {
    const run = await startOne("Hello");
    cos.happen(
      run.id,
      Array.from({ length: 4_999 }, (_, index) => text(String(index))),
    );
    const socket = await app.connect();
    const seen = await watch(socket, run.id, 100);
    cos.happen(run.id, [text("live")]);
    await expect.poll(() => seen.at(-1)?.number).toBe(5_001);
    expect(numbers(seen)).toEqual(upTo(5_001, 101));
  });

  it("that were never told are read as soon as a later one is", async () => {
    const run = await startOne("Hello");
    const seen = await watch(await app.connect(), run.id);
    cos.happen(run.id, [text("lost"), text("lost, too")], { isSilent: true });
    cos.happen(run.id, [text("told")]);
    await expect.poll(() => numbers(seen)).toEqual(upTo(4));
  });

  it("go on after portos-cos was away, without a gap and without one twice", async () => {
    const run = await startOne("Hello");
    const seen = await watch(await app.connect(), run.id);
    cos.happen(run.id, [text("before")]);
    await expect.poll(() => seen.length).toBe(2);
    await cos.stop();
    cos.happen(run.id, [text("meanwhile"), text("meanwhile")], { isSilent: true });
    await cos.start();
    await expect.poll(() => numbers(seen)).toEqual(upTo(4));
    cos.happen(run.id, [text("after")]);
    await expect.poll(() => numbers(seen)).toEqual(upTo(5));
  });

  it("go on after portos-server was restarted, from the number the viewer says", async () => {
    const run = await startOne("Hello");
    const before = await watch(await app.connect(), run.id);
    cos.happen(run.id, [text("one")]);
    await expect.poll(() => before.length).toBe(2);
    await app.stop();
    cos.happen(run.id, [text("two"), text("three")]);
    await startApp();
    const after = await watch(await app.connect(), run.id, before.at(-1)?.number ?? 0);
    cos.happen(run.id, [text("four")]);
    await expect.poll(() => numbers([...before, ...after])).toEqual(upTo(5));
    expect((await app.call("runs.list", { query: {} })).items.map(({ id }) => id)).toEqual([run.id]);
  });

  it("end with `unwatch`", async () => {
    const run = await startOne("Hello");
    const socket = await app.connect();
    const seen = await watch(socket, run.id);
    await socket.emit("agents:unwatch", { id: run.id });
    cos.happen(run.id, [text("unseen")]);
    const other = await watch(await app.connect(), run.id);
    await expect.poll(() => other.length).toBe(2);
    expect(numbers(seen)).toEqual([1]);
  });

  it("can be downloaded as a document in which no text ends its fence", async () => {
    const run = await startOne("Hello");
    cos.happen(run.id, [
      { kind: "attempt", number: 1, providerId: "first", providerName: "First", model: "m", reason: "First choice" },
      text("Done: "),
      text("see below."),
      { kind: "output", stream: "out", text: "```\nnot the end\n" },
    ]);
    const response = await fetch(`${app.base}/api/runs/${run.id}/transcript.md`);
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="${run.id}.md"`);
    const document = await response.text();
    expect(document).toContain("## First · m");
    expect(document).toContain("Done: see below.");
    expect(document).toContain("````text\n```\nnot the end\n````");
  });
});

describe("what follows from a run", () => {
  it("puts a question on Home until it is answered, in the name of who answered", async () => {
    const run = await startOne("Clean up");
    cos.happen(
      run.id,
      [
        { kind: "asked", request: question },
        { kind: "state", state: "waiting", message: null },
      ],
      { change: { pending: [question] } },
    );
    await expect.poll(titles).toContain("Clean up asks you");
    const [approval] = (await app.call("approvals.list", {})).pending;
    const { id = "", hash = "" } = approval ?? {};
    const [notice] = await app.call("notifications.list", {});
    const where = { message: "Run rm -rf build in tmp", link: `/approvals?approval=${id}` };
    expect(notice).toMatchObject({ needsYou: true, ...where });
    const answer = { params: { id }, body: { hash, answer: "deny" as const, reason: "Keep it" } };
    await app.call("approvals.decide", answer);
    const by = "this machine on a program";
    expect(cos.answers).toEqual([{ id: run.id, requestId: "q1", optionId: "no", reason: "Keep it", by }]);
    await expect.poll(titles).not.toContain("Clean up asks you");
    await expect(app.call("approvals.decide", answer)).rejects.toMatchObject({ status: 409 });
  });

  it("tells a failure with its reason on the errors channel and in the notifications", async () => {
    const run = await startOne("Break");
    const socket = await app.connect();
    await socket.emit("errors:subscribe", {});
    const told = socket.next("errors:event");
    cos.happen(run.id, [{ kind: "state", state: "failed", message: "The key was refused" }]);
    expect(await told).toMatchObject({ event: { source: "run Break", message: "The key was refused" } });
    await expect.poll(titles).toContain("Break failed");
    await app.call("runs.say", { params: { id: run.id }, body: { text: "Try again" } });
    expect(cos.said).toEqual([{ id: run.id, text: "Try again", providerIds: ["first"] }]);
    await expect.poll(titles).not.toContain("Break failed");
  });

  it("is not gone on with while its budget of money cannot be kept", async () => {
    const id = "run-000000000005";
    const at = "2026-11-21T10:00:00.000Z";
    const who = { providerId: "program", providerName: "PROGRAM", providerType: "cli", model: "some-model" } as const;
    const attempt = {
      number: 1,
      ...who,
      reason: "First choice",
      startedAt: at,
      endedAt: at,
      failure: null,
      message: null,
    };
    const budget = { costUsd: 5, tokens: null, turns: null, minutes: null };
    const over = { state: "interrupted", canContinue: true, attempts: [{ ...attempt, usage: noUsage }] } as const;
    cos.put(sampleRun({ id, ...over, attempts: [...over.attempts], budget }));
    const refused = {
      status: 400,
      message: expect.stringContaining("no price is known for some-model of PROGRAM") as string,
    };
    const say = app.call("runs.say", { params: { id }, body: { text: "More" } });
    await expect(say).rejects.toMatchObject(refused);
    await expect(app.call("runs.resume", { params: { id } })).rejects.toMatchObject(refused);
    expect(cos.said).toEqual([]);
    expect(cos.run(id).state).toBe("interrupted");
  });

  it("is told for an end that came while portos-server was away, once", async () => {
    const run = await startOne("Long work");
    await app.stop();
    cos.happen(run.id, [{ kind: "state", state: "failed", message: "Out of paper" }]);
    await startApp();
    await expect.poll(titles).toEqual(["Long work failed"]);
    await app.stop();
    await startApp();
    await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
    const [notice] = await app.call("notifications.list", {});
    expect(notice).toMatchObject({ count: 1, message: "Out of paper" });
  });
});

describe("what else a run can be given", () => {
  const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
  const images = [{ name: "red.png", mediaType: "image/png", data }];

  it("are pictures, shown by themselves and given along when it is run again", async () => {
    const [run] = await start("what is this", ["first"], { images });
    expect(run?.images).toEqual([{ name: "red.png", mediaType: "image/png" }]);
    const response = await fetch(`${app.base}/api/runs/${run?.id}/images/1`);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(response.headers.get("content-security-policy")).toContain("sandbox");
    expect(Buffer.from(await response.arrayBuffer()).toString("base64")).toBe(data);
    expect((await fetch(`${app.base}/api/runs/${run?.id}/images/2`)).status).toBe(404);
    const again = await app.call("runs.again", { params: { id: run?.id ?? "" } });
    expect(again.images).toEqual(run?.images);
    expect((await fetch(`${app.base}/api/runs/${again.id}/images/1`)).status).toBe(200);
  });

  it.each([
    [{ images: [{ ...images[0], mediaType: "image/svg+xml" }] }, /images/],
    [{ images: [{ ...images[0], data: "not base64!" }] }, /base64/],
    [{ images: [{ ...images[0], data: "AAAA" }] }, /is no picture of this kind/],
    [{ images: Array.from({ length: 5 }, () => images[0]) }, /at most 4/],
    [{ answerFormat: { kind: "json", schema: { type: "nonsense" } } }, /must be a JSON Schema/],
    [{ answerFormat: { kind: "json", schema: { pattern: "^(a+)+$" } } }, /answerFormat.schema.*must not use pattern/],
  ])("are refused when they are nothing that can be used: %j", async (rest, message) => {
    await expect(start("what is this", ["first"], rest)).rejects.toThrow(message);
  });

  it("is the form of the answer, kept when it is run again", async () => {
    const answerFormat = { kind: "json", schema: { type: "object", required: ["a"] } };
    const [run] = await start("answer", ["first"], { answerFormat });
    expect(run?.answerFormat).toEqual(answerFormat);
    expect(await app.call("runs.again", { params: { id: run?.id ?? "" } })).toMatchObject({ answerFormat });
  });

  it("answers in JSON can be read and downloaded, and a run without one says so", async () => {
    const [run] = await start("answer", ["first"], { answerFormat: { kind: "json" } });
    const params = { id: run?.id ?? "" };
    expect(await app.call("runs.jsonAnswer", { params })).toEqual({ text: '{\n  "a": 1\n}\n', problem: null });
    const file = await fetch(`${app.base}/api/runs/${params.id}/answer.json`);
    expect(file.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename="${params.id}.answer.json"`);
    expect(await file.json()).toEqual({ a: 1 });
    const [plain] = await start("talk", ["first"]);
    const none = await fetch(`${app.base}/api/runs/${plain?.id}/answer.json`);
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ error: { message: "This run was not asked for an answer in JSON" } });
  });

  it("may fill more than a request once it is put together", async () => {
    const big = Buffer.concat([Buffer.from(data, "base64"), Buffer.alloc(600_000, 7)]).toString("base64");
    const more = { images: [{ name: "big.png", mediaType: "image/png" as const, data: big }] };
    const input = { title: "Long", body: "x".repeat(390_000) };
    const { summary } = await app.call("prompts.create", { body: { input } });
    const prompt = { kind: "template" as const, promptId: summary.id };
    const { runs } = await app.call("runs.create", { body: { prompt, choices: [{ providerId: "first" }], ...more } });
    expect(runs[0]?.images).toHaveLength(1);
  });

  it("is JSON from APIs only: with programs alone it is refused at once", async () => {
    await expect(start("answer", ["program"], { answerFormat: { kind: "json" } })).rejects.toThrow(
      "Answers in JSON come from APIs only, and PROGRAM is a program",
    );
    expect((await start("answer", ["program"])).length).toBe(1);
  });
});
