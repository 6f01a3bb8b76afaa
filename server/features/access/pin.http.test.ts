import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { io, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Ack } from "../../../contract/channel.ts";
import { adaAddress, createFakeTailscale, fakeMachine } from "../../../lib/testing/fake-tailscale.ts";
import { createFakeRuns } from "../../testing/fake-runs.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { allEndpoints } from "./testing/all-endpoints.ts";

const pin = "424242";
let app: TestApp;
beforeEach(async () => {
  app = await startTestApp({ tailscale: createFakeTailscale(), machine: fakeMachine });
});
afterEach(() => app.end());

interface Answer {
  status: number;
  cookie: string;
  setCookie: string;
  body: { error?: { code: string; message: string }; pin?: { isSet: boolean; openUntil: string | null } };
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(app.base + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  const setCookie = response.headers.get("set-cookie") ?? "";
  return {
    status: response.status,
    setCookie,
    cookie: setCookie.split(";", 1)[0] ?? "",
    body: (await response.json()) as Answer["body"],
  };
}

const setPin = (current: string | null = null, next = pin) => ask("PUT", "/api/access/pin", { pin: next, current });
const unlock = (entered: string, headers: Record<string, string> = {}) =>
  ask("POST", "/api/access/unlock", { pin: entered, socket: null }, headers);
const remove = (headers: Record<string, string> = {}) => ask("DELETE", "/api/notifications", {}, headers);

const work = (permissionMode?: string) => ({ title: "Tidy up", permissionMode });

/** Everything by which an agent is told to go on. */
const ways = (id: string): [path: string, body: object][] => [
  [`runs/${id}/messages`, { text: "Delete all" }],
  [`runs/${id}/resume`, {}],
  [`runs/${id}/again`, {}],
  [`reviews/${id}/send`, { text: "Delete all" }],
  [`reviews/${id}/bring-up-to-date`, {}],
];

describe("marks", () => {
  test("work that shall ask for nothing asks for the PIN, work that asks does not", async () => {
    await setPin();
    const conditional = allEndpoints.filter(({ endpoint }) => endpoint.stepUpFor !== undefined);
    expect(conditional.map(({ id }) => id)).toEqual(["runs.create"]);
    for (const { endpoint } of conditional) {
      const path = endpoint.path.replace(/:\w+/g, "x");
      const answers = ["free", "ask"].map(async (permissionMode) => ask(endpoint.method, path, { permissionMode }));
      const codes = (await Promise.all(answers)).map(({ body }) => body.error?.code);
      expect(codes).toEqual(["step_up_required", "invalid_request"]);
    }
  });

  test("a task whose runs ask for nothing asks for the PIN, also when that is the chief of staff's word", async () => {
    const asked = allEndpoints.filter(({ endpoint }) => endpoint.stepUpWhen !== undefined);
    expect(asked.map(({ id }) => id).toSorted()).toEqual([
      "connectors.setMode",
      "reviews.bringUpToDate",
      "reviews.send",
      "runs.again",
      "runs.resume",
      "runs.say",
      "settings.put",
      "tasks.create",
      "tasks.move",
      "tasks.restore",
      "tasks.start",
      "tasks.update",
    ]);
    const { cookie } = await setPin();
    const isTaken = async (method: string, path: string, body: object): Promise<boolean> => {
      const { status, body: answer } = await ask(method, path, body);
      if (status !== 200) expect(answer.error?.code).toBe("step_up_required");
      return status === 200;
    };
    const create = (permissionMode?: string) => isTaken("POST", "/api/tasks", work(permissionMode));
    expect([await create("free"), await create("ask"), await create()]).toEqual([false, true, true]);
    const [task] = (await app.call("tasks.list", {})).tasks;
    const change = (permissionMode?: string) => isTaken("PUT", `/api/tasks/${task?.id ?? ""}`, work(permissionMode));
    expect([await change("free"), await change()]).toEqual([false, true]);
    expect((await ask("PUT", "/api/chief", { autonomy: "free" }, { cookie })).status).toBe(200);
    expect([await create("free"), await create("ask"), await create()]).toEqual([false, true, false]);
    expect([await change("ask"), await change()]).toEqual([true, false]);
    expect((await ask("POST", "/api/tasks", work(), { cookie })).status).toBe(200);
  });

  test("keeping evidence for less long asks for the PIN, keeping it longer does not", async () => {
    const { cookie } = await setPin();
    const settings = await app.call("settings.get", {});
    const isTaken = async (keepDays: number, headers: Record<string, string> = {}): Promise<boolean> =>
      (await ask("PUT", "/api/settings", { ...settings, evidence: { keepDays } }, headers)).status === 200;
    expect([await isTaken(7), await isTaken(400), await isTaken(7)]).toEqual([false, true, false]);
    expect((await app.call("evidence.extent", {})).keepDays).toBe(400);
    expect(await isTaken(7, { cookie })).toBe(true);
    expect((await app.call("evidence.extent", {})).keepDays).toBe(7);
  });

  test("a task that asks for nothing already asks for the PIN when its work changes, not when only its turn does", async () => {
    const { cookie } = await setPin();
    const free = { title: "Tidy up", instructions: "Only src.", permissionMode: "free" };
    expect((await ask("POST", "/api/tasks", free, { cookie })).status).toBe(200);
    const [task] = (await app.call("tasks.list", {})).tasks;
    const change = async (to: object) =>
      (await ask("PUT", `/api/tasks/${task?.id ?? ""}`, { ...free, ...to })).body.error?.code ?? "changed";
    expect(await change({ priority: "urgent", budget: { minutes: 5 } })).toBe("changed");
    expect(await change({ instructions: "Everything." })).toBe("step_up_required");
    expect(await change({ title: "Delete all" })).toBe("step_up_required");
    expect(await change({ instructions: "Everything.", permissionMode: "ask" })).toBe("changed");
    expect(await change({ instructions: "Everything." })).toBe("step_up_required");
    expect((await app.call("tasks.list", {})).tasks[0]).toMatchObject({ title: "Tidy up", permissionMode: "ask" });
  });

  test("a task that asks for nothing asks for the PIN when it is started or made ready, not when it is put elsewhere", async () => {
    const { cookie } = await setPin();
    const add = async (permissionMode: string): Promise<string> => {
      const made = await ask("POST", "/api/tasks", { ...work(permissionMode), state: "draft" }, { cookie });
      return (made.body as { id?: string }).id ?? "";
    };
    const code = async (path: string, body: object = {}, headers = {}): Promise<string> =>
      (await ask("POST", `/api/tasks/${path}`, body, headers)).body.error?.code ?? "done";
    const [free, asking] = [await add("free"), await add("ask")];
    expect(await code(`${free}/move`, { state: "ready" })).toBe("step_up_required");
    expect(await code(`${free}/start`)).toBe("step_up_required");
    expect(await code(`${free}/move`, { before: asking })).toBe("done");
    expect(await code(`${asking}/move`, { state: "ready" })).toBe("done");
    expect(await code(`${asking}/start`)).not.toBe("step_up_required");
    expect(await code(`${free}/move`, { state: "ready" }, { cookie })).toBe("done");
    expect(await code(`${free}/move`, { state: "ready", before: asking })).toBe("done");
    expect((await ask("DELETE", `/api/tasks/${free}`, {}, { cookie })).status).toBe(200);
    expect(await code(`${free}/restore`)).toBe("step_up_required");
    expect(await code(`${free}/restore`, {}, { cookie })).toBe("done");
    expect(await code(`${free}/move`, { state: "done" })).toBe("done");
    expect(await code(`${free}/move`, { state: "ready" })).toBe("step_up_required");
    expect(await code(`${free}/move`, { state: "draft" })).toBe("done");
  });

  test("what makes a run go on that asks for nothing asks for the PIN, and nothing reaches its agent without", async () => {
    const cos = createFakeRuns(app.env);
    await cos.start();
    try {
      await expect.poll(async () => (await app.call("runs.list", { query: {} })).isUp).toBe(true);
      const { cookie } = await setPin();
      const [free, asking] = ["run-0000000free0", "run-0000000ask00"];
      cos.put(sampleRun({ id: free, permissionMode: "free", state: "interrupted" }));
      cos.put(sampleRun({ id: asking, permissionMode: "ask", state: "interrupted" }));
      const code = async (path: string, body: object = {}, headers = {}) =>
        (await ask("POST", `/api/${path}`, body, headers)).body.error?.code;
      for (const [path, body] of ways(free)) {
        expect([path, await code(path, body)]).toEqual([path, "step_up_required"]);
        expect([path, await code(path, body, { cookie })]).not.toEqual([path, "step_up_required"]);
      }
      for (const [path, body] of ways(asking))
        expect([path, await code(path, body)]).not.toEqual([path, "step_up_required"]);
    } finally {
      await cos.stop();
    }
  });

  test("every body that takes a secret belongs to a marked endpoint", async () => {
    const document = (await (await fetch(`${app.base}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string; requestBody?: unknown; responses: object }>>;
    };
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const taking = operations.filter(({ requestBody }) => JSON.stringify(requestBody ?? null).includes('"isSecret"'));
    expect(taking.map(({ operationId }) => operationId).toSorted()).toEqual(
      [
        "apps.create",
        "apps.update",
        "automations.create",
        "automations.update",
        "customConnectors.create",
        "customConnectors.update",
        "mcpConnectors.create",
        "mcpConnectors.look",
        "mcpConnectors.update",
        "providers.create",
        "providers.update",
      ].toSorted(),
    );
    for (const { operationId, responses } of operations) {
      const endpoint = allEndpoints.find(({ id }) => id === operationId)?.endpoint;
      expect([operationId, "403" in responses]).toEqual([
        operationId,
        (endpoint?.stepUp ?? endpoint?.stepUpFor ?? endpoint?.stepUpWhen) !== undefined,
      ]);
    }
  });

  test("with a PIN set, every marked endpoint refuses a browser that has not entered it, and no other one does", async () => {
    await setPin();
    for (const { id, endpoint } of allEndpoints) {
      if (endpoint.method === "GET" && endpoint.stepUp === undefined) continue;
      const path = endpoint.path.replace(/:\w+/g, "x");
      const { status, body } = await ask(endpoint.method, path, {});
      const isAsked = status === 403 && body.error?.code === "step_up_required";
      expect([id, isAsked]).toEqual([id, endpoint.stepUp !== undefined]);
    }
  });
});

describe("PIN", () => {
  test("without one nothing asks; with one, entering it opens this browser and no other", async () => {
    expect((await remove()).status).toBe(200);
    await setPin();
    expect(await remove()).toMatchObject({ status: 403, body: { error: { code: "step_up_required" } } });
    const right = await unlock(pin);
    expect(right.status).toBe(200);
    expect(right.setCookie).toMatch(/; Path=\/; Max-Age=900; HttpOnly; SameSite=Strict$/);
    expect((await remove({ cookie: right.cookie })).status).toBe(200);
    expect((await remove()).status).toBe(403);
    expect((await remove({ cookie: right.cookie, "x-forwarded-for": adaAddress })).status).toBe(403);
    const state = await ask("GET", "/api/access", undefined, { cookie: right.cookie });
    expect(state.body.pin?.openUntil).toMatch(/Z$/);
  });

  test("who sets it is open at once; Lock now, another PIN and a restart ask again", async () => {
    const first = await setPin();
    expect((await remove({ cookie: first.cookie })).status).toBe(200);
    const locked = await ask("POST", "/api/access/lock", {}, { cookie: first.cookie });
    expect(locked.setCookie).toContain("Max-Age=0");
    expect((await remove({ cookie: first.cookie })).status).toBe(403);
    const again = await unlock(pin);
    expect((await setPin(pin, "9876543210")).status).toBe(200);
    expect((await remove({ cookie: again.cookie })).status).toBe(403);
    const newest = await unlock("9876543210");
    expect((await remove({ cookie: newest.cookie })).status).toBe(200);
    const directory = join(app.env.dataDir, "..");
    const variables = { PORTOS_BASE_PORT: String(app.env.ports.server) };
    await app.stop();
    app = await startTestApp({ directory, variables, tailscale: createFakeTailscale(), machine: fakeMachine });
    expect((await remove({ cookie: newest.cookie })).status).toBe(403);
  });

  test("changing it and switching it off need it, even in an open browser", async () => {
    const { cookie } = await setPin();
    const headers = { cookie };
    expect((await ask("PUT", "/api/access/pin", { pin: "111111", current: null }, headers)).status).toBe(403);
    expect((await ask("POST", "/api/access/pin/remove", { current: "000000" }, headers)).status).toBe(403);
    expect((await ask("POST", "/api/access/pin/remove", { current: pin }, headers)).status).toBe(200);
    expect((await remove()).status).toBe(200);
    expect((await ask("PUT", "/api/access/pin", { pin: "12345", current: null })).status).toBe(400);
  });

  test("after five wrong ones not even the right one is looked at, a restart does not help, others may still try", async () => {
    await setPin();
    const answers: Answer[] = [];
    for (let index = 0; index < 5; index += 1) answers.push(await unlock("000000"));
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect(answers[0]?.body.error?.message).toContain("4 tries left");
    expect(await unlock(pin)).toMatchObject({ status: 429, body: { error: { code: "rate_limited" } } });
    const directory = join(app.env.dataDir, "..");
    await app.stop();
    app = await startTestApp({ directory, tailscale: createFakeTailscale(), machine: fakeMachine });
    expect((await unlock(pin)).status).toBe(429);
    expect((await unlock(pin, { "x-forwarded-for": adaAddress })).status).toBe(200);
  });

  test("tries at the same time are counted one by one", async () => {
    await setPin();
    const answers = await Promise.all(Array.from({ length: 12 }, () => unlock("000000")));
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
  });

  test("it stands nowhere: not in the files, not in the history", async () => {
    await setPin();
    await ask("POST", "/api/access/unlock", { pin });
    await ask("POST", "/api/access/unlock", { pin, more: 1 });
    await ask("POST", "/api/access/pin/remove", { current: pin.replace("4", "5") });
    const file = await readFile(join(app.env.dataDir, "access.json"), "utf8");
    expect(file).toContain('"sealed"');
    expect(file).not.toContain("scrypt");
    const { items } = await app.call("history.list", { query: { limit: 50 } });
    expect(items.map(({ action, outcome }) => [action, outcome])).toContainEqual(["access.removePin", "refused"]);
    for (const text of [
      file,
      JSON.stringify(items),
      await readFile(join(app.env.dataDir, "access-state.json"), "utf8"),
    ])
      expect(/424242|524242/.test(text)).toBe(false);
  });

  test("written into the file by hand it is hashed and sealed; taken out by hand it is off, and wrong tries are forgotten", async () => {
    await setPin();
    for (let index = 0; index < 5; index += 1) await unlock("000000");
    const file = join(app.env.dataDir, "access.json");
    const stored = JSON.parse(await readFile(file, "utf8")) as { data: { pin: unknown } };
    stored.data.pin = "777777";
    await writeFile(file, JSON.stringify(stored));
    await expect.poll(async () => (await unlock("777777")).status, { timeout: 5000 }).toBe(200);
    await expect.poll(() => readFile(file, "utf8")).not.toContain("777777");
    stored.data.pin = null;
    await writeFile(file, JSON.stringify(stored));
    await expect.poll(async () => (await remove()).status).toBe(200);
  });

  test("the elevation holds as long as is set", async () => {
    const { cookie } = await setPin();
    expect((await ask("PUT", "/api/access/minutes", { minutes: 481 }, { cookie })).status).toBe(400);
    expect((await ask("PUT", "/api/access/minutes", { minutes: 480 }, { cookie })).status).toBe(200);
    expect((await unlock(pin)).setCookie).toContain(`Max-Age=${480 * 60}`);
  });
});

const type = (opened: Socket) =>
  opened.timeout(5000).emitWithAck("terminal:input", { viewer: 1, data: "x" }) as Promise<Ack<unknown>>;

const isAsked = async (opened: Socket): Promise<boolean> => {
  const ack = await type(opened);
  return !ack.ok && ack.error.code === "step_up_required";
};

const refusedTyping = async () =>
  (await app.call("history.list", { query: { limit: 50 } })).items.filter(({ action }) => action === "terminal.input");

describe("live connections", () => {
  let socket: Socket | undefined;
  afterEach(() => socket?.disconnect());

  async function connect(transport: "websocket" | "polling", headers: Record<string, string> = {}): Promise<Socket> {
    const opened = io(app.base, { transports: [transport], extraHeaders: headers, reconnection: false });
    socket = opened;
    await new Promise<void>((resolve, reject) => {
      opened.once("connect", resolve);
      opened.once("connect_error", reject);
    });
    return opened;
  }

  test.each(["websocket", "polling"] as const)(
    "%s: typing is refused until its browser has entered the PIN, and again after Lock now",
    async (transport) => {
      const opened = await connect(transport);
      expect((await type(opened)).ok).toBe(true);
      await setPin();
      expect(await isAsked(opened)).toBe(true);
      const attach = (await opened
        .timeout(5000)
        .emitWithAck("terminal:attach", { viewer: 1, id: "0000000000000000", cols: 80, rows: 24 })) as Ack<unknown>;
      expect(attach).toMatchObject({ ok: false, error: { code: "step_up_required" } });
      const entered = await ask("POST", "/api/access/unlock", { pin, socket: opened.id });
      expect((await type(opened)).ok).toBe(true);
      await ask("POST", "/api/access/lock", {}, { cookie: entered.cookie });
      expect(await isAsked(opened)).toBe(true);
    },
  );

  test("a new connection of an open browser brings its elevation along; another tab of it can fetch it", async () => {
    const opened = await connect("websocket");
    const { cookie } = await setPin();
    expect(await isAsked(opened)).toBe(true);
    const body = { socket: opened.id };
    expect((await ask("POST", "/api/access/socket", body)).status).toBe(403);
    expect((await ask("POST", "/api/access/socket", body, { cookie })).status).toBe(200);
    expect((await type(opened)).ok).toBe(true);
    opened.disconnect();
    expect((await type(await connect("websocket", { cookie }))).ok).toBe(true);
  });

  test("a browser cannot open the connection of another caller", async () => {
    const opened = await connect("websocket", { "x-forwarded-for": adaAddress });
    await setPin();
    await ask("POST", "/api/access/unlock", { pin, socket: opened.id });
    expect(await isAsked(opened)).toBe(true);
  });

  test("refused typing is in the history once, with its number", async () => {
    const opened = await connect("websocket");
    await setPin();
    for (let index = 0; index < 10; index += 1) await type(opened);
    await expect.poll(refusedTyping).toHaveLength(1);
    expect((await refusedTyping())[0]).toMatchObject({ outcome: "refused", code: "step_up_required" });
  });
});
