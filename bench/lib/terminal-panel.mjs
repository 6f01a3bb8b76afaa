// portos-cos and portos-server as two processes of their own, and a browser tab that looks at their terminals.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { io } from "socket.io-client";

import { bundleProgram } from "../../scripts/lib/bundle-program.mjs";

// The flags of the product: what is measured is what runs.
const { apps } = createRequire(import.meta.url)("../../ecosystem.config.cjs");

export const now = () => performance.now();
export const prompt = "bench> ";
const headerBytes = 24;
const creditBytes = 16_384;
const tailLength = 4096;

async function bundleAs(entry, name) {
  const file = await bundleProgram(entry);
  const renamed = join(file, "..", `${name}-${process.pid}.mjs`);
  renameSync(file, renamed);
  return renamed;
}

async function freePort() {
  const server = createServer();
  const port = await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
  await new Promise((resolve) => server.close(resolve));
  return Math.min(port, 60_000);
}

/** Starts both processes with a folder of their own. */
export async function startPanel() {
  const files = [await bundleAs("cos/main.ts", "bench-cos"), await bundleAs("server/main.ts", "bench-server")];
  const folder = mkdtempSync(join(tmpdir(), "portos-bench-"));
  const port = await freePort();
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PORTOS_")));
  const home = join(folder, "home");
  mkdirSync(home);
  const env = {
    ...own,
    HOME: home, // the start files of whoever runs this are not what is measured
    HOST: "127.0.0.1",
    PORTOS_BASE_PORT: String(port),
    PORTOS_DATA_DIR: join(folder, "d"),
    PORTOS_STATE_DIR: join(folder, "s"),
    PORTOS_CONFIG_DIR: join(folder, "c"),
    PORTOS_USER_PM2_HOME: "none",
  };
  const [cos, server] = ["portos-cos", "portos-server"].map((name, index) => {
    const { node_args: flags, env: settings } = apps.find((app) => app.name === name);
    const malloc = Object.entries(settings).filter(([key]) => key.startsWith("MALLOC_"));
    const stdio = ["ignore", "ignore", "inherit"];
    return spawn(process.execPath, [...flags, files[index]], { env: { ...env, ...Object.fromEntries(malloc) }, stdio });
  });
  const url = `http://127.0.0.1:${port}`;
  await untilUp(`${url}/api/terminal/sessions`, (reply) => reply.isUp === true);
  return {
    url,
    pids: { cos: cos.pid, server: server.pid },
    async stop() {
      for (const child of [server, cos]) child.kill("SIGTERM");
      await sleep(500);
      for (const child of [server, cos]) if (child.exitCode === null) child.kill("SIGKILL");
      for (const file of files) rmSync(file, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilUp(url, isUp) {
  for (let turn = 0; turn < 200; turn += 1) {
    try {
      if (isUp(await (await fetch(url)).json())) return;
    } catch {
      // not listening yet
    }
    await sleep(50);
  }
  throw new Error("the panel did not start");
}

/** User and system time of a process, in ms. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

/** A tab with one terminal that digests `rate` bytes per second: at once, like xterm.js (10 MB/s), like a weak phone (1 MB/s), or not at all (0). */
export class Tab {
  constructor(url, rate = Infinity) {
    this.url = url;
    this.rate = rate;
    this.bytes = 0;
    this.next = undefined;
    this.tail = "";
    this.waiters = [];
    this.queue = [];
    this.owed = 0;
    this.busyUntil = 0;
  }

  static async open(url, { rate, id } = {}) {
    const tab = new Tab(url, rate);
    tab.id = id ?? (await tab.call("POST", "", { cols: 120, rows: 40 })).id;
    await tab.connect();
    if (id === undefined) await tab.becomePlain();
    return tab;
  }

  async call(method, path, body) {
    const reply = await fetch(`${this.url}/api/terminal/sessions${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return reply.json();
  }

  async connect(after) {
    this.socket = io(this.url, { transports: ["websocket"], forceNew: true, reconnection: false });
    this.socket.on("terminal:frame", (frame) => this.receive(frame));
    await new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    });
    const request = { viewer: 1, id: this.id, cols: 120, rows: 40, ...(after === undefined ? {} : { after }) };
    const ack = await this.socket.emitWithAck("terminal:attach", request);
    if (!ack.ok) throw new Error(ack.error.message);
    this.reply = ack.data;
  }

  /** The same small shell everywhere: no start files, a known prompt. */
  async becomePlain() {
    await this.wait(/[#$%>] /, 15_000, true);
    this.type(`exec env PS1='${prompt}' PROMPT_COMMAND= PS0= bash --norc --noprofile -i\r`);
    await this.wait(/bench> $/, 15_000, true);
    this.type("bind 'set enable-bracketed-paste off'\r");
    await sleep(100);
    this.type("echo rea''dy\r");
    await this.wait("ready\r\n", 15_000);
    await sleep(50);
  }

  receive(frame) {
    const kind = frame[0];
    if (kind !== 1 && kind !== 2) return;
    const data = frame.subarray(headerBytes);
    this.next = frame.readDoubleBE(8) + (kind === 1 ? data.length : 0);
    this.bytes += data.length;
    if (this.rate === Infinity && this.queue.length === 0) this.process(data);
    else {
      this.queue.push([data, now()]);
      this.pump();
    }
  }

  pump() {
    if (this.timer || this.rate === 0) return;
    for (let [first] = this.queue; first; [first] = this.queue) {
      const done = Math.max(first[1], this.busyUntil) + (first[0].length / this.rate) * 1000;
      const wait = this.rate === Infinity ? 0 : done - now();
      if (wait > 0.5) {
        this.timer = setTimeout(() => {
          this.timer = null;
          this.pump();
        }, wait);
        return;
      }
      this.busyUntil = done;
      this.queue.shift();
      this.process(first[0]);
    }
  }

  process(data) {
    this.owed += data.length;
    if (this.owed >= creditBytes) this.credit();
    else this.creditTimer ??= setTimeout(() => this.credit(), 4);
    const text = data.toString("latin1", Math.max(0, data.length - tailLength));
    this.tail = (this.tail + text).slice(-2 * tailLength);
    for (const waiter of this.waiters.slice()) waiter();
  }

  credit() {
    clearTimeout(this.creditTimer);
    this.creditTimer = undefined;
    if (this.owed > 0) this.socket.emit("terminal:credit", { viewer: 1, bytes: this.owed });
    this.owed = 0;
  }

  type(text) {
    this.socket.emit("terminal:input", { viewer: 1, data: text });
  }

  /** Resolves with the time at which the text was processed; looks at what comes from now on. */
  wait(pattern, timeoutMs = 60_000, isPastAllowed = false) {
    if (!isPastAllowed) this.tail = "";
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.waiters.splice(this.waiters.indexOf(look), 1);
      };
      const look = () => {
        if (typeof pattern === "string" ? !this.tail.includes(pattern) : !pattern.test(this.tail)) return;
        finish();
        resolve(now());
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`no ${pattern} within ${timeoutMs} ms; last: ${JSON.stringify(this.tail.slice(-200))}`));
      }, timeoutMs);
      this.waiters.push(look);
      if (isPastAllowed) look();
    });
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.creditTimer);
    this.rate = 0;
    this.socket.disconnect();
  }

  async end() {
    this.close();
    await this.call("POST", `/${this.id}/kill`, { graceMs: 0 });
  }
}
