import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { packSize } from "../../contract/terminal-frames.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { startTestCos, type TestCos } from "./test-cos.ts";

let cos: TestCos;
/** Mark our start file puts at the end of a prompt. */
const prompt = "]133;B";
const home = mkdtempSync(join(tmpdir(), "portos-home-"));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  cos = await startTestCos({ shell: "/bin/bash" });
});

afterAll(async () => {
  await cos.stop();
  rmSync(home, { recursive: true, force: true });
});

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

async function untilDead(pid: number, timeoutMs: number): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; isAlive(pid); await pause(20))
    if (Date.now() > deadline) throw new Error(`process ${pid} is still there`);
}

test("a viewer that comes back gets exactly what it missed", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const first = await cos.view(id);
  await first.waitFor(prompt);
  first.type("V=kept; echo one-$((1+1))\r");
  await first.waitFor("one-2");
  await pause(200);
  const seen = first.bytes();
  first.type("(sleep 0.3; echo while-away-$((40+2))) &\r");
  await pause(100);
  const after = first.reply.from + first.bytes().length;
  expect(after).toBeGreaterThan(seen.length);
  first.close();
  await pause(600);
  const second = await cos.view(id, { after });
  expect(second.reply).toMatchObject({ mode: "resume", from: after, skipped: 0 });
  await second.waitFor("while-away-42");
  second.type("echo $V-$V\r");
  await second.waitFor("kept-kept");
  const whole = Buffer.concat([first.bytes().subarray(0, after), second.bytes()]);
  const stored = (await cos.output(id)).subarray(0, whole.length);
  expect(whole.equals(stored)).toBe(true);
  second.close();
});

test("a viewer that was away for more than the window gets the screen and how much it missed", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const first = await cos.view(id);
  await first.waitFor(prompt);
  first.close();
  const driver = await cos.view(id);
  driver.type("seq 1 600000; echo done-$((1+1))\r");
  await driver.waitFor("done-2", 30_000);
  const late = await cos.view(id, { after: 10 });
  await late.waitFor("done-2");
  expect(late.reply.mode).toBe("repaint");
  expect(late.reply.skipped).toBeGreaterThan(2_000_000);
  expect(late.repaints[0]?.skipped).toBe(late.reply.skipped);
  expect(late.text()).toContain("600000");
  driver.close();
  late.close();
});

test("a viewer that does not read slows nobody down and is repainted when it reads again", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const slow = await cos.view(id);
  await slow.waitFor(prompt);
  slow.isReading = false;
  const fast = await cos.view(id);
  fast.type("head -c 20000000 /dev/zero | tr '\\0' 'x' | fold -w 79; echo end-$((2+3))\r");
  await fast.waitFor("end-5", 60_000); // held back by the other it would never come
  slow.close();
  fast.close();
});

test("a viewer alone that does not read holds the program back", async () => {
  const { id, pid } = await cos.create({ env: { HOME: home } });
  const viewer = await cos.view(id);
  await viewer.waitFor(prompt);
  viewer.isReading = false;
  const printed = async (): Promise<number> => (await cos.client.get({ params: { id } })).outputBytes;
  viewer.type("yes 0123456789abcdef\r");
  let held = 0;
  await until(async () => {
    const before = held;
    await pause(400);
    held = await printed();
    return before > 10_000 && held - before < 40_000;
  });
  await pause(1000);
  const later = await printed();
  expect(later - held).toBeLessThan(100_000);
  expect(later).toBeLessThan(2_000_000);
  expect(pid).not.toBeNull();
  viewer.close();
  await until(async () => (await printed()) > later + 1_000_000);
});

test("a session about to be ended can be kept; otherwise everything in it ends", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const viewer = await cos.view(id);
  await viewer.waitFor(prompt);
  viewer.type("trap '' TERM HUP; (trap '' TERM HUP; sleep 300) & echo child=$!.\r");
  const child = Number(/child=(\d+)\./.exec(await viewer.waitFor(/child=\d+\./))?.[1]);
  const closing = await cos.client.kill({ params: { id }, body: { undoMs: 2_000, graceMs: 300 } });
  expect(closing.state).toBe("closing");
  expect(closing.closingAt).not.toBeNull();
  expect((await cos.client.keep({ params: { id }, body: {} })).state).toBe("running");
  await pause(2_200);
  expect(isAlive(child)).toBe(true);
  await cos.client.kill({ params: { id }, body: { undoMs: 100, graceMs: 300 } });
  const ended = await cos.ended(id);
  expect(ended).toMatchObject({ reason: "killed", signal: "SIGKILL", exitCode: null });
  await untilDead(child, 20_000);
  expect((await cos.output(id)).toString()).toContain("child=");
  await cos.client.close({ params: { id } });
  await expect(cos.client.get({ params: { id } })).rejects.toThrow("no such session");
});

test("a command that takes too long is ended and says so", async () => {
  const { id } = await cos.create({ kind: "command", tty: false, command: ["sleep", "60"], timeoutMs: 1000 });
  expect(await cos.ended(id)).toMatchObject({ reason: "timeout", signal: "SIGTERM", exitCode: null });
});

test("exit codes, both outputs of a piped command, and missing programs are reported", async () => {
  const { id } = await cos.create({
    kind: "command",
    tty: false,
    shellCommand: "echo to-out; echo to-err >&2; test -t 1 || echo piped; exit 7",
  });
  expect(await cos.ended(id)).toMatchObject({ exitCode: 7, reason: "exited", signal: null, tty: false });
  const output = (await cos.output(id)).toString();
  for (const word of ["to-out\n", "to-err\n", "piped\n"]) expect(output).toContain(word);
  await expect(cos.create({ kind: "command", command: ["no-such-program-here"] })).rejects.toThrow("was not found");
  await expect(cos.create({ cwd: "/no/such/folder" })).rejects.toThrow("does not exist");
});

test("the environment holds nothing of ours", async () => {
  process.env["PORTOS_LOG_LEVEL"] = "info";
  process.env["SOME_SECRET_TOKEN"] = "do-not-leak";
  const { id } = await cos.create({ kind: "command", command: ["env"], env: { EXTRA: "1" } });
  await cos.ended(id);
  delete process.env["PORTOS_LOG_LEVEL"];
  delete process.env["SOME_SECRET_TOKEN"];
  const output = (await cos.output(id)).toString();
  expect(output).not.toMatch(/PORTOS_|do-not-leak|VITEST/);
  expect(output).toMatch(/^EXTRA=1\r$/m);
  expect(output).toMatch(/^TERM=xterm-256color\r$/m);
});

test("long input arrives whole and in order", async () => {
  const file = join(home, "pasted");
  const { id } = await cos.create({
    kind: "command",
    command: ["sh", "-c", `stty raw -echo; echo ready; exec head -c 1000000 > ${file}`],
  });
  const viewer = await cos.view(id);
  await viewer.waitFor("ready");
  const text =
    Array.from({ length: 100_000 }, (_, index) => String(index).padStart(9, "0"))
      .join("\n")
      .slice(0, 999_999) + "\n";
  for (let at = 0; at < text.length; at += 60_000) viewer.type(text.slice(at, at + 60_000));
  await cos.ended(id);
  expect(readFileSync(file, "utf8") === text).toBe(true);
});

test("sizes follow the smallest window, or the one that types", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const desk = await cos.view(id, { cols: 150, rows: 40 });
  await desk.waitFor(prompt);
  const phone = await cos.view(id, { cols: 44, rows: 50 });
  await pause(100);
  expect(await cos.client.get({ params: { id } })).toMatchObject({ cols: 44, rows: 40, viewers: 2 });
  expect(desk.sizes).toEqual([packSize(150, 40), packSize(44, 40)]);
  expect(phone.sizes).toEqual([packSize(44, 40)]);
  desk.type("stty size\r");
  await desk.waitFor("40 44");
  await cos.client.update({ params: { id }, body: { sizing: "active" } });
  desk.type("stty size\r");
  await desk.waitFor("40 150");
  phone.close();
  desk.resize(2, 2);
  await pause(100);
  expect(await cos.client.get({ params: { id } })).toMatchObject({ cols: 2, rows: 2, viewers: 1 });
});

const shells = ["/bin/bash", "/usr/bin/zsh", "/usr/bin/fish"].filter((file) => existsSync(file));

test.each(shells)("%s reports commands and folders, and the user's own files are read", async (shell) => {
  const own = await startTestCos({ shell });
  try {
    writeFileSync(join(home, ".bashrc"), "export MARK=from-rc\n");
    writeFileSync(join(home, ".zshrc"), "export MARK=from-rc\n");
    const env = { HOME: home, MARK: shell.endsWith("fish") ? "from-rc" : "", XDG_CONFIG_HOME: join(home, ".config") };
    const { id } = await own.create({ cwd: home, env });
    const viewer = await own.view(id);
    await viewer.waitFor("]133;A");
    viewer.type("cd /tmp\r");
    await viewer.waitFor("file:///tmp");
    viewer.type("echo mark=$MARK; sleep 0.7; false\r");
    await viewer.waitFor(/mark=from-rc\r/);
    expect((await own.client.get({ params: { id } })).runningCommand?.text).toBe("echo mark=$MARK; sleep 0.7; false");
    await viewer.waitFor(/133;D;1;/);
    await pause(200);
    const session = await own.client.get({ params: { id } });
    expect(session).toMatchObject({ runningCommand: null, folder: "/tmp" });
    const { items } = await own.client.commandHistory({ query: { text: "mark sleep" } });
    expect(items[0]).toMatchObject({
      command: "echo mark=$MARK; sleep 0.7; false",
      folder: "/tmp",
      exitCode: 1,
      sessionId: id,
    });
    expect(items[0]?.durationMs ?? 0).toBeGreaterThan(500);
    viewer.type("env | grep -c '^__PORTOS_\\|^PORTOS_'\r");
    await viewer.waitFor(/\s0\r\n|\W0\r\n/);
  } finally {
    await own.stop();
  }
});

test("recordings are asciicast v2, can be read while they run, and survive their session", async () => {
  const { id } = await cos.create({ env: { HOME: home } });
  const viewer = await cos.view(id);
  await viewer.waitFor(prompt);
  await cos.client.update({ params: { id }, body: { isRecorded: true } });
  viewer.type("echo rec-$((20+1))\r");
  await viewer.waitFor("rec-21");
  viewer.resize(90, 30);
  await pause(100);
  expect((await cos.client.get({ params: { id } })).isRecorded).toBe(true);
  await cos.client.update({ params: { id }, body: { isRecorded: false } });
  const [recording] = await cos.client.recordings({});
  expect(recording).toMatchObject({ sessionId: id, isActive: false });
  const { text } = await cos.client.recording({ params: { id: recording?.id ?? "" } });
  const [header, ...events] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(header).toMatchObject({ version: 2, width: 80, height: 24 });
  const rows = events as [number, string, string][];
  expect(rows.map(([, , data]) => data).join("")).toContain("rec-21");
  expect(rows.some(([, kind, data]) => kind === "r" && data === "90x30")).toBe(true);
  expect(rows.every(([at], index) => at >= (rows[index - 1]?.[0] ?? 0))).toBe(true);
  await cos.client.kill({ params: { id }, body: { graceMs: 0 } });
  await cos.ended(id);
  await cos.client.close({ params: { id } });
  expect(await cos.client.recordings({})).toHaveLength(1);
  await cos.client.deleteRecording({ params: { id: recording?.id ?? "" } });
  expect(await cos.client.recordings({})).toHaveLength(0);
});

test("after a restart of portos-cos sessions are listed as interrupted, with their last words", async () => {
  const own = await startTestCos({ shell: "/bin/bash" });
  try {
    const { id } = await own.create({ env: { HOME: home }, name: "long work" });
    const viewer = await own.view(id);
    await viewer.waitFor(prompt);
    viewer.type("seq 1 50000; echo last-$((8*8))-words\r");
    await viewer.waitFor("last-64-words");
    await pause(2500);
    await own.restart();
    const session = await own.client.get({ params: { id } });
    expect(session).toMatchObject({ state: "interrupted", reason: "interrupted", name: "long work", pid: null });
    const again = await own.view(id);
    await again.waitFor("last-64-words");
    expect(again.text()).toContain("49999");
    await own.client.close({ params: { id } });
    expect(await own.client.list({})).toEqual([]);
  } finally {
    await own.stop();
  }
});

test("a session without viewer and output ends when its policy says so, never by default", async () => {
  const { id } = await cos.create({ env: { HOME: home }, idleTimeoutMs: 1000 });
  expect((await cos.client.get({ params: { id } })).idleTimeoutMs).toBe(1000);
  const other = await cos.create({ env: { HOME: home } });
  expect(other.idleTimeoutMs).toBeNull();
  expect((await cos.ended(id, 45_000)).reason).toBe("idle");
  expect((await cos.client.get({ params: { id: other.id } })).state).toBe("running");
});
