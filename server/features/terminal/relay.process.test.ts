import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { AttachReply } from "../../../contract/features/terminal.ts";
import { decodeFrame, frameKinds } from "../../../contract/terminal-frames.ts";
import { startCos } from "../../../cos/app.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let directory = "";
let app: TestApp;
let cos: Awaited<ReturnType<typeof startCos>>;

async function startServer(): Promise<void> {
  const variables = app as TestApp | undefined;
  app = await startTestApp({
    directory,
    ...(variables ? { variables: { PORTOS_BASE_PORT: String(variables.env.ports.server) } } : {}),
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-relay-"));
  app = await startTestApp({ directory });
  cos = await startCos({ env: app.env, logger: silentLogger, port: app.env.ports.cos });
  await until(() => app.app.core.cos.isUp());
});

afterEach(async () => {
  await app.stop();
  await cos.stop();
  await rm(directory, { recursive: true, force: true });
});

/** 100 bytes per line as the terminal shows it, each line saying where it stands. */
const lineBytes = 100;
const lineAt = (number: number): string => `${String(number).padStart(12, "0")}${"x".repeat(lineBytes - 14)}\r\n`;
const printer = `let n = 0; setInterval(() => { let s = ""; for (let i = 0; i < 100; i++) s += String(n++).padStart(12, "0") + "x".repeat(86) + "\\n"; process.stdout.write(s); }, 10);`;

function expectedBytes(from: number, length: number): string {
  const first = Math.floor(from / lineBytes);
  const lines = Array.from({ length: Math.ceil(length / lineBytes) + 2 }, (_, index) => lineAt(first + index)).join("");
  return lines.slice(from - first * lineBytes, from - first * lineBytes + length);
}

/** A tab that looks at a session and processes everything at once. */
async function look(id: string, after?: number) {
  const tab = await app.connect();
  const seen = { next: after ?? 0, repaints: 0, skipped: 0, isRight: true, bytes: 0 };
  tab.socket.on("terminal:frame", (payload: Buffer) => {
    const frame = decodeFrame(payload);
    if (!frame || (frame.kind !== frameKinds.output && frame.kind !== frameKinds.repaint)) return;
    const text = Buffer.from(frame.data).toString("latin1");
    if (frame.kind === frameKinds.repaint) {
      seen.repaints += 1;
      seen.skipped += frame.extra;
      seen.next = frame.offset;
    } else {
      seen.isRight &&= frame.offset === seen.next && text === expectedBytes(seen.next, text.length);
      seen.next += text.length;
      seen.bytes += text.length;
    }
    tab.socket.emit("terminal:credit", { viewer: 1, bytes: text.length });
  });
  const request = { viewer: 1, id, cols: 200, rows: 50, ...(after === undefined ? {} : { after }) };
  const ack = await tab.emit("terminal:attach", request);
  if (!ack.ok) throw new Error(ack.error.message);
  return { tab, seen, reply: ack.data as AttachReply };
}

async function startPrinter(): Promise<string> {
  const { id } = await app.app.core.cos.create({
    kind: "command",
    command: [process.execPath, "-e", printer],
    cols: 200,
    rows: 50,
  });
  return id;
}

test("a restart of portos-server while a program prints 1 MB/s loses not one byte of the window", async () => {
  const id = await startPrinter();
  const before = await look(id);
  await until(() => before.seen.bytes > 300_000, 20_000);
  await app.stop();
  const next = before.seen.next;
  await startServer();
  await until(() => app.app.core.cos.isUp());
  const after = await look(id, next);
  expect(after.reply).toMatchObject({ mode: "resume", from: next, skipped: 0 });
  await until(() => after.seen.bytes > 1_000_000, 20_000);
  expect(before.seen).toMatchObject({ isRight: true, repaints: 0 });
  expect(after.seen).toMatchObject({ isRight: true, repaints: 0 });
  const { sessions, isUp } = await app.call("terminal.list", {});
  expect(isUp).toBe(true);
  expect(sessions[0]).toMatchObject({ id, state: "running", viewers: 1 });
});

test("who was away for longer than the window is told how much was skipped, then gets every byte again", async () => {
  const id = await startPrinter();
  await until(async () => (await app.app.core.cos.get(id)).outputBytes > 2_600_000, 30_000);
  const late = await look(id, 500);
  expect(late.reply.mode).toBe("repaint");
  await until(() => late.seen.bytes > 300_000, 20_000);
  expect(late.seen.repaints).toBe(1);
  expect(late.seen.skipped).toBeGreaterThan(2_000_000);
  expect(late.seen.isRight).toBe(true);
});

test("without portos-cos everything says so, and goes on when it is back", async () => {
  const created = await app.call("terminal.create", { body: { name: "stays in the list" } });
  const tab = await app.connect();
  expect(await tab.emit("terminal:watch", {})).toMatchObject({ ok: true, data: { isUp: true } });
  const gone = tab.next("terminal:state");
  await cos.stop();
  expect(await gone).toEqual({ isUp: false });
  const list = await app.call("terminal.list", {});
  expect(list.isUp).toBe(false);
  expect(list.sessions.map(({ name }) => name)).toEqual(["stays in the list"]);
  await expect(app.call("terminal.create", { body: {} })).rejects.toMatchObject({ status: 503 });
  const refused = await tab.emit("terminal:attach", { viewer: 1, id: created.id, cols: 80, rows: 24 });
  expect(refused).toMatchObject({ ok: false, error: { code: "unavailable" } });
  const back = tab.next("terminal:state");
  cos = await startCos({ env: app.env, logger: silentLogger, port: app.env.ports.cos });
  expect(await back).toEqual({ isUp: true });
  const again = await app.call("terminal.list", {});
  expect(again.sessions[0]).toMatchObject({ id: created.id, state: "interrupted" });
});

test("opening and ending are in the history; ids of no session and other shapes are refused", async () => {
  const { id } = await app.call("terminal.create", { body: { name: "audited" } });
  await app.call("terminal.kill", { params: { id }, body: { graceMs: 0 } });
  const { items } = await app.call("history.list", { query: { limit: 10 } });
  expect(items.map(({ action }) => action)).toEqual(expect.arrayContaining(["terminal.create", "terminal.kill"]));
  await expect(app.call("terminal.keep", { params: { id: "0000000000000000" }, body: {} })).rejects.toMatchObject({
    status: 404,
  });
  await expect(app.call("terminal.keep", { params: { id: "..%2f..%2fetc" }, body: {} })).rejects.toMatchObject({
    status: 400,
  });
  const tab = await app.connect();
  const wide = await tab.emit("terminal:attach", { viewer: 1, id, cols: 1001, rows: 24 });
  expect(wide).toMatchObject({ ok: false, error: { code: "invalid_request" } });
});
