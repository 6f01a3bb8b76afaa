import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { appInputSchema } from "../../../contract/features/apps.ts";
import { autofixerEndpoints, type Incident } from "../../../contract/internal/autofixer.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createGate } from "../../../lib/gate.ts";
import { bind, createHttpService, type HttpService } from "../../../lib/http-service.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createRevision } from "../../../lib/revision.ts";
import { createFakePm2, pm2Process, type FakePm2 } from "../../testing/fake-pm2.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const id = "mabcdefg-0123abcd";
const crash: Incident = {
  id,
  process: { key: "blog/web", home: "portos", pmId: 3, name: "blog/web", cwd: "/blog", appId: "blog", isOwn: false },
  status: "open",
  openedAt: "2026-03-01T12:00:00.000Z",
  updatedAt: "2026-03-01T12:00:00.000Z",
  closedAt: null,
  exit: { code: 1, signal: null, at: "2026-03-01T12:00:00.000Z" },
  crashes: 1,
  attempts: [],
  maxAttempts: 5,
  nextAttemptAt: null,
  reason: "Ended with exit code 1. PM2 starts it again.",
  changes: null,
};

let panel: TestApp;
let pm2: FakePm2;
let autofixer: HttpService;
let active: Incident[] = [];
let settled: Incident[] = [];
const revision = createRevision();

beforeEach(async () => {
  active = [];
  settled = [];
  pm2 = createFakePm2("portos");
  panel = await startTestApp({ pm2Clients: { portos: pm2.client, user: null } });
  autofixer = createFakeAutofixer(panel);
  await autofixer.start();
});

afterEach(async () => {
  await autofixer.stop();
  await panel.end();
});

function become(next: Incident[], ended: Incident[] = []): void {
  active = next;
  settled = ended;
  revision.bump();
}

function find(wanted: string): Incident {
  const found = [...active, ...settled].find((incident) => incident.id === wanted);
  if (!found) throw new AppError("not_found", "There is no such incident");
  return found;
}

/** portos-autofixer without PM2: the real listener, gate and contract, made-up incidents. */
function createFakeAutofixer({ env }: TestApp): HttpService {
  return createHttpService({
    name: "portos-autofixer",
    host: "127.0.0.1",
    port: env.ports.autofixer,
    gate: createGate({ peers: "loopback", ports: [env.ports.autofixer], env, logger: silentLogger }),
    logger: silentLogger,
    endpoints: bind(
      "autofixer",
      autofixerEndpoints,
    )({
      processes: () => ({ isAutofixerUp: true, homes: [], items: [] }),
      log: () => ({ name: "blog/web", lines: [] }),
      act: () => ({ isDone: true }),
      incidents: ({ query }) => ({
        items: [...active, ...settled].filter(({ process }) => !query.process || process.key === query.process),
        next: null,
      }),
      incident: ({ params }) => ({ ...find(params.id), lines: ["boom"] }),
      dismiss: ({ params }) => {
        const gone = { ...find(params.id), status: "dismissed" as const };
        become([], [gone]);
        return gone;
      },
      retry: ({ params }) => find(params.id),
      changes: async ({ query }, { signal }) => {
        await revision.wait(query.after, query.waitMs, signal);
        return { revision: revision.current(), active, settled };
      },
    }),
  });
}

async function titles(): Promise<string[]> {
  return (await panel.call("notifications.list", {})).map(({ title, needsYou }) => (needsYou ? `! ${title}` : title));
}

test("a crash is told at once on all channels, giving up asks for the user, running again is told too", async () => {
  const socket = await panel.connect();
  await socket.emit("incidents:subscribe", {});
  await socket.emit("errors:subscribe", {});
  await expect.poll(() => panel.call("incidents.view", {})).toMatchObject({ isAutofixerUp: true });

  const event = socket.next("incidents:event", (payload) => JSON.stringify(payload).includes(id));
  const error = socket.next("errors:event");
  become([crash]);
  await event;
  expect(await error).toMatchObject({
    event: { source: "blog/web crashed", link: `/system?tab=incidents&incident=${id}` },
  });
  await expect.poll(titles).toEqual(["blog/web crashed"]);

  become([{ ...crash, status: "gave-up", reason: "Restarted 5 times within 42 min." }]);
  await expect.poll(titles).toEqual(["! blog/web stays down"]);
  become([], [{ ...crash, status: "recovered", closedAt: "2026-03-01T13:00:00.000Z" }]);
  await expect.poll(titles).toEqual(["blog/web runs again"]);
});

test("dismissing takes the notification away", async () => {
  become([{ ...crash, status: "gave-up" }]);
  await expect.poll(titles).toEqual(["! blog/web stays down"]);
  expect(await panel.call("incidents.dismiss", { params: { id } })).toMatchObject({ status: "dismissed" });
  await expect.poll(titles).toEqual([]);
});

test("what was told is not told again after the autofixer was away", async () => {
  become([crash]);
  await expect.poll(titles).toEqual(["blog/web crashed"]);
  await autofixer.stop();
  await expect
    .poll(() => panel.call("incidents.view", {}))
    .toMatchObject({
      isAutofixerUp: false,
      active: [{ id }],
      asOf: expect.stringMatching(/Z$/) as string,
    });
  await expect(panel.call("incidents.list", { query: {} })).rejects.toMatchObject({ status: 503 });
  autofixer = createFakeAutofixer(panel);
  await autofixer.start();
  await expect.poll(() => panel.call("incidents.view", {})).toMatchObject({ isAutofixerUp: true });
  expect((await panel.call("notifications.list", {})).map(({ count }) => count)).toEqual([1]);
});

const told = async () =>
  (await panel.call("events.list", { query: {} })).items.map(({ name, data }) => [name, data["process"]]);

test("a crash and its end are events, each told once however often they are heard", async () => {
  const at = new Date().toISOString();
  const now = { ...crash, openedAt: at, updatedAt: at };
  become([now]);
  await expect.poll(told).toEqual([["incident.opened", "blog/web"]]);
  become([{ ...now, crashes: 2 }]);
  become([], [{ ...now, status: "recovered", closedAt: new Date().toISOString() }]);
  await expect.poll(told).toEqual([
    ["incident.recovered", "blog/web"],
    ["incident.opened", "blog/web"],
  ]);
});

test("lists and details come from the autofixer, an unknown one is a 404", async () => {
  become([crash]);
  expect((await panel.call("incidents.list", { query: { process: "blog/web" } })).items).toEqual([crash]);
  expect((await panel.call("incidents.list", { query: { process: "shop/api" } })).items).toEqual([]);
  expect(await panel.call("incidents.get", { params: { id } })).toMatchObject({ id, lines: ["boom"] });
  await expect(panel.call("incidents.get", { params: { id: "zzzzzzzz-00000000" } })).rejects.toMatchObject({
    status: 404,
  });
  await expect(panel.call("incidents.get", { params: { id: "../../etc" } })).rejects.toMatchObject({ status: 400 });
});

test("the panel itself reports that the autofixer was given up by PM2, and takes it back when it runs", async () => {
  pm2.add({ name: "portos-autofixer", namespace: "portos", status: "errored", pid: null });
  const tell = (): void => {
    const { name, namespace, pmId, status } = pm2.processes[0] ?? pm2Process();
    const process = { name, namespace, pmId, status, restarts: 0, pid: null };
    pm2.emit({
      kind: "process",
      home: "portos",
      event: "exit",
      isManual: false,
      process,
      exitCode: 1,
      detail: null,
      at: 0,
    });
  };
  tell();
  await expect.poll(titles).toEqual(["! portos-autofixer stays down"]);
  expect(await panel.call("incidents.view", {})).toMatchObject({ fallen: ["portos-autofixer"] });
  await pm2.client.restart(pm2.processes[0]?.pmId ?? 0);
  tell();
  await expect.poll(titles).toEqual([]);
});

test("an incident of a deleted app is gone with it, and back when the deletion is undone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "portos-incidents-"));
  try {
    const body = appInputSchema.parse({ id: "blog", name: "Blog", folder, processes: [] });
    await panel.call("apps.create", { body });
    become([{ ...crash, status: "gave-up" }]);
    await expect.poll(titles).toEqual(["! blog/web stays down"]);
    await panel.call("apps.remove", { params: { id: "blog" } });
    await expect.poll(titles).toEqual([]);
    expect(await panel.call("incidents.view", {})).toMatchObject({ active: [] });
    expect((await panel.call("incidents.list", { query: {} })).items).toEqual([]);
    await panel.call("apps.restore", { params: { id: "blog" } });
    await expect.poll(titles).toEqual(["! blog/web stays down"]);
    expect(await panel.call("incidents.view", {})).toMatchObject({ active: [{ id }] });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
