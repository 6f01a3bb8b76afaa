import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended, never, outputOf, startProject } from "./testing/automation-app.ts";

let app: TestApp;
let project: Awaited<ReturnType<typeof startProject>>;
let status = 200;

beforeAll(async () => {
  app = await startTestApp();
  project = await startProject(app, (request, response) => {
    if (request.url === "/hang") return;
    if (request.url === "/away") response.writeHead(302, { location: `${app.base}/api/apps` }).end();
    else response.writeHead(status, { "content-type": "text/plain" }).end(`${request.method} ${request.url} grüße`);
  });
});

afterAll(async () => {
  await project.close();
  await app.end();
});

const url = (path: string, changes: object = {}): AutomationInput["action"] => ({
  kind: "url",
  appId: project.id,
  path,
  method: "GET",
  expectedStatus: 200,
  timeoutMs: 2_000,
  ...changes,
});

async function create(input: AutomationInput): Promise<string> {
  return (await app.call("automations.create", { body: input })).automation.id;
}

describe("automations over HTTP", () => {
  it("names every wrong field and its rule", async () => {
    const body = { ...byHand(url("/")), schedule: { kind: "cron", expression: "x", zone: "Mars/Base" }, name: "" };
    const error = (await app.call("automations.create", { body } as never).catch((thrown: unknown) => thrown)) as {
      details: { issues: { path: string; message: string }[] };
    };
    expect(error.details.issues.map(({ path }) => path)).toEqual(["body.name", "body.schedule.zone"]);
    await expect(create(byHand(url("/", { port: 1 })))).rejects.toMatchObject({
      status: 400,
      details: { issues: [{ path: "body.action.port", message: "is not a port of Blog" }] },
    });
    await expect(create(byHand({ kind: "restart-app", appId: "nobody" }))).rejects.toMatchObject({
      details: { issues: [{ path: "body.action.appId" }] },
    });
    for (const path of ["//evil.example/", "/\\evil", "nothing", "/a b"])
      await expect(create(byHand(url(path)))).rejects.toMatchObject({ status: 400 });
  });

  it("creates it turned off, changes, turns on, lists, deletes and brings back", async () => {
    const id = await create(byHand(url("/")));
    const off = await app.call("automations.get", { params: { id } });
    expect(off.automation.isEnabled).toBe(false);
    const changed = await app.call("automations.update", {
      params: { id },
      body: byHand(url("/"), { name: "Renamed" }),
    });
    expect(changed.automation.name).toBe("Renamed");
    const on = await app.call("automations.enable", { params: { id } });
    expect(on.state.nextDue).toMatch(/-01-01T00:00:00.000Z$/);
    await app.call("automations.remove", { params: { id } });
    await expect(app.call("automations.get", { params: { id } })).rejects.toMatchObject({ status: 404 });
    expect((await app.call("automations.restore", { params: { id } })).automation.name).toBe("Renamed");
    await app.call("automations.remove", { params: { id } });
  });

  it("calls a URL of an app, keeps the answer and raises a notification while it fails", async () => {
    const id = await create(byHand(url("/health")));
    const good = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    expect(good).toMatchObject({ state: "succeeded", httpStatus: 200, trigger: "manual", who: "this machine" });
    expect(await outputOf(app, good.id)).toContain("GET /health grüße");
    status = 503;
    const bad = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    status = 200;
    expect(bad).toMatchObject({ state: "failed", reason: "Status 503 instead of 200", httpStatus: 503 });
    const titles = async (): Promise<string[]> => (await app.call("notifications.list", {})).map(({ title }) => title);
    await expect.poll(titles).toContain("Automation By hand failed");
    await ended(app, (await app.call("automations.run", { params: { id } })).id);
    await expect.poll(titles).not.toContain("Automation By hand failed");
  });

  it("does not follow a redirect to another port, the panel's least of all", async () => {
    const id = await create(byHand(url("/away")));
    const row = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    expect(row.state).toBe("failed");
    expect(row.reason).toContain("is not one of the app's");
  });

  it("ends a call that hangs at its limit, or when it is cancelled", async () => {
    const id = await create(byHand(url("/hang", { timeoutMs: 200 })));
    const late = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    expect(late).toMatchObject({ state: "failed", reason: "No complete answer within 200 ms" });
    const slow = await create(byHand(url("/hang", { timeoutMs: 60_000 })));
    const run = await app.call("automations.run", { params: { id: slow } });
    await app.call("automations.cancel", { params: { id: run.id } });
    expect(await ended(app, run.id)).toMatchObject({ state: "cancelled", reason: "Cancelled by this machine" });
    await expect(app.call("automations.cancel", { params: { id: run.id } })).rejects.toMatchObject({ status: 409 });
  });

  it("says why a command cannot run while portos-cos is away", async () => {
    const command = { kind: "arguments" as const, arguments: ["date"] };
    const id = await create(
      byHand({ kind: "command", command, folder: tmpdir(), timeLimitMs: 5_000, environment: [] }),
    );
    const row = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    expect(row.state).toBe("failed");
    expect(row.reason).toContain("portos-cos");
  });

  it("tells a subscriber everything that happens, in order", async () => {
    const id = await create(byHand(url("/health")));
    const socket = await app.connect();
    const reply = await socket.emit("automations:subscribe", {});
    expect(reply.ok).toBe(true);
    const events: { kind: string; state?: string }[] = [];
    socket.socket.on("automations:event", ({ event }: { event: { kind: string; occurrence?: { state: string } } }) =>
      events.push({ kind: event.kind, ...(event.occurrence ? { state: event.occurrence.state } : {}) }),
    );
    await ended(app, (await app.call("automations.run", { params: { id } })).id);
    await app.call("automations.pauseAll", {});
    await app.call("automations.resumeAll", {});
    await app.call("automations.remove", { params: { id } });
    await expect.poll(() => events.at(-1)?.kind).toBe("removed");
    expect(events.filter(({ kind }) => kind === "occurrence").map(({ state }) => state)).toEqual([
      "running",
      "succeeded",
    ]);
    expect(events.filter(({ kind }) => kind === "paused")).toHaveLength(2);
  });

  it("previews due times with zone and clock-change marks", async () => {
    const schedule = { kind: "cron", expression: "30 2 * * *", zone: "Europe/Berlin" } as const;
    const { times } = await app.call("automations.preview", { body: { schedule, count: 3 } });
    expect(times).toHaveLength(3);
    expect(times.every(({ local, offset }) => local.endsWith("02:30:00") && /^\+0[12]:00$/.test(offset))).toBe(true);
    const wrong = { kind: "cron", expression: "99 * * * *", zone: "UTC" } as const;
    await expect(app.call("automations.preview", { body: { schedule: wrong } })).rejects.toMatchObject({
      details: { issues: [{ path: "body.schedule.expression" }] },
    });
  });

  it("pages and filters the ledger", async () => {
    const id = await create(byHand(url("/health")));
    for (let count = 0; count < 5; count += 1)
      await ended(app, (await app.call("automations.run", { params: { id } })).id);
    const first = await app.call("automations.occurrences", { query: { automation: id, limit: 3 } });
    const rest = await app.call("automations.occurrences", {
      query: { automation: id, limit: 3, before: first.next ?? "" },
    });
    expect(first.items).toHaveLength(3);
    expect(rest.items).toHaveLength(2);
    expect(new Set([...first.items, ...rest.items].map((row) => row.id)).size).toBe(5);
    const failed = await app.call("automations.occurrences", { query: { automation: id, state: "failed" } });
    expect(failed.items).toEqual([]);
  });

  it("gives the output as a download that no browser opens as a page", async () => {
    const id = await create(byHand(url("/health")));
    const row = await ended(app, (await app.call("automations.run", { params: { id } })).id);
    const response = await fetch(`${app.base}/api/occurrences/${row.id}/output.log`);
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="au-/);
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toContain("grüße");
    expect((await fetch(`${app.base}/api/occurrences/..%2F..%2Fapps.json/output`)).status).toBe(400);
  });

  it("draws what comes due in the next days", async () => {
    const id = await create(byHand(url("/"), { schedule: { kind: "cron", expression: "* * * * *", zone: "UTC" } }));
    await app.call("automations.pauseAll", {});
    await app.call("automations.enable", { params: { id } });
    const timeline = await app.call("automations.timeline", { query: { days: 7 } });
    expect(timeline.rows.find((row) => row.id === id)).toMatchObject({ hasMore: true });
    await app.call("automations.remove", { params: { id } });
    await app.call("automations.resumeAll", {});
  });
});

describe("automations after a restart", () => {
  it("keep a damaged entry apart, run due ones once and record what was interrupted once", async () => {
    const directory = await mkdtemp(join(tmpdir(), "portos-"));
    const first = await startTestApp({ directory });
    const blog = await startProject(first, () => undefined);
    try {
      const hang: AutomationInput = byHand(
        { kind: "url", appId: blog.id, path: "/", method: "GET", expectedStatus: 200, timeoutMs: 60_000 },
        { schedule: never },
      );
      const { automation } = await first.call("automations.create", { body: hang });
      const run = await first.call("automations.run", { params: { id: automation.id } });
      await first.stop();
      const file = join(first.env.dataDir, "automations.json");
      const text = await readFile(file, "utf8");
      const stored = JSON.parse(text) as { data?: { automations: unknown[] }; automations?: unknown[] };
      (stored.data ?? stored).automations?.unshift({ id: "au-broken1", name: "Broken", schedule: { kind: "cron" } });
      await writeFile(file, JSON.stringify(stored, null, 2));

      const second = await startTestApp({ directory });
      try {
        const list = await second.call("automations.list", {});
        expect(list.problems.map(({ name }) => name)).toEqual(["Broken"]);
        expect(list.automations.map((view) => view.automation.id)).toEqual([automation.id]);
        const row = await ended(second, run.id);
        expect(row.state).toBe("interrupted");
        const { items } = await second.call("automations.occurrences", { query: { automation: automation.id } });
        expect(items).toHaveLength(1);
      } finally {
        await second.stop();
      }
    } finally {
      await blog.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe("an automation that adds a task", () => {
  const action: AutomationInput["action"] = {
    kind: "task",
    title: "Update the dependencies",
    instructions: "One at a time.",
    template: null,
    appId: null,
    type: "chore",
    priority: "low",
    needsReview: true,
    state: "draft",
  };

  it("says which one in its row, and adds no second one while that is open", async () => {
    await expect(create(byHand({ ...action, appId: "nobody" }))).rejects.toMatchObject({ status: 400 });
    const id = await create(byHand(action));
    const run = async () => ended(app, (await app.call("automations.run", { params: { id } })).id);
    const first = await run();
    const own = async () => (await app.call("tasks.list", {})).tasks.filter(({ source }) => source.id === id);
    const [task] = await own();
    expect(task).toMatchObject({ title: action.title, instructions: "One at a time.", type: "chore", state: "draft" });
    expect(first).toMatchObject({ state: "succeeded", reason: `Added "${action.title}" (${task?.id})` });
    expect((await run()).reason).toContain("still open");
    expect(await own()).toHaveLength(1);
    await app.call("tasks.move", { params: { id: task?.id ?? "" }, body: { state: "done" } });
    expect((await run()).reason).toContain("Added");
    expect(await own()).toHaveLength(2);
  });

  it("gives its tasks the budget it has, and knows that of its runs", async () => {
    const budget = { costUsd: 2, tokens: null, turns: 30, minutes: null };
    const id = await create(byHand({ ...action, budget }));
    await ended(app, (await app.call("automations.run", { params: { id } })).id);
    const [task] = (await app.call("tasks.list", {})).tasks.filter(({ source }) => source.id === id);
    expect(task?.budget).toEqual(budget);
    expect(await app.call("automations.budget", { params: { id } })).toEqual({
      budget,
      used: { costUsd: 0, tokens: 0, turns: 0, minutes: 0 },
      exceeded: null,
    });
    await expect(app.call("automations.budget", { params: { id: "au-00000000" } })).rejects.toMatchObject({
      status: 404,
    });
    const prompt = { kind: "text", text: "Say hello." } as const;
    const choice = { providerId: "one", mayFallBack: false };
    const each = { permissionMode: "ask", isolation: { kind: "none" }, budget } as const;
    const runs = await create(byHand({ kind: "run", prompt, choice, ...each, dayBudget: budget }));
    expect(await app.call("automations.budget", { params: { id: runs } })).toMatchObject({ budget, exceeded: null });
  });
});
