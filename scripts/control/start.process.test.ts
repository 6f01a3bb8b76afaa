import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import { runMarks } from "../../lib/run-mark.ts";
import { build } from "../build.mjs";
import { createPrivatePortos, type PrivatePortos } from "../lib/private-portos.mjs";

// One PortOS for all, because each start costs seconds: first what keeps it from starting, then what is done while it runs.
let portos: PrivatePortos;

beforeAll(async () => {
  await build({ log: () => undefined });
  portos = await createPrivatePortos({ isStarted: false, env: { PORTOS_CHROME: "none" } });
});
afterAll(async () => {
  await portos.stop();
});

const pidsOf = (status: string) =>
  [...status.matchAll(/(portos-\S+)\s+online\s+(\d+)/g)].map(([, name, pid]) => `${name ?? ""} ${pid ?? ""}`);

/** A command with other variables; those before come back whatever happens. */
async function controlWith(env: Record<string, string>, ...words: string[]) {
  const before = { ...portos.env };
  Object.assign(portos.env, env);
  try {
    return await portos.control(...words);
  } finally {
    for (const name of Object.keys(env)) {
      const value = before[name];
      if (value === undefined) delete portos.env[name];
      else portos.env[name] = value;
    }
  }
}

describe("what is not started", () => {
  test("a program of an agent can neither start it nor stop it", async () => {
    const [name, value] = runMarks(portos.env["PORTOS_DATA_DIR"] ?? "")("run-1");
    for (const command of ["start", "stop", "access"]) {
      const { code, output } = await controlWith({ [name]: value }, command);
      expect([code, output]).toEqual([1, expect.stringContaining("A program started by an agent may not use PortOS")]);
    }
    expect((await portos.control("status")).output).not.toContain("online");
  });

  test("a taken port is named with its owner, and nothing is left half started", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(portos.basePort + 4, "127.0.0.1", resolve));
    const { code, output } = await portos.control("start").finally(() => server.close());
    expect(code).toBe(1);
    expect(output).toContain(`port ${portos.basePort + 4} is taken by`);
    expect(output).toContain(`(pid ${process.pid})`);
    expect((await portos.control("status")).output).toContain("PM2 is not running");
  });

  test("a state folder too long for a socket and folders that cannot be written are refused", async () => {
    const long = await controlWith({ PORTOS_STATE_DIR: join(portos.folder, "x".repeat(100)) }, "start");
    expect(long).toMatchObject({ code: 1 });
    expect(long.output).toContain("too long for PM2's sockets");

    const file = join(portos.folder, "a file where the folder should be");
    await writeFile(file, "");
    await chmod(file, 0o400);
    const blocked = await controlWith({ PORTOS_DATA_DIR: file }, "start");
    expect(blocked).toMatchObject({ code: 1 });
    expect(blocked.output).toContain("The data folder cannot be written");
  });

  test("wrong and unknown variables are named", async () => {
    const { code, output } = await controlWith({ PORTOS_BASE_PROT: "1" }, "start");
    expect(code).toBe(1);
    expect(output).toContain("PORTOS_BASE_PROT: is not a variable PortOS knows");
  });

  test("a process that does not come up takes the whole start back and shows its last lines", async () => {
    const host = "203.0.113.7"; // an address for documentation: nobody can listen on it
    const { code, output } = await controlWith({ HOST: host }, "start");
    expect(code).toBe(1);
    expect(output).toContain("Did not become healthy: portos-server, portos-ui, portos-autofixer-ui");
    expect(output).toContain("portos-server.log");
    expect((await portos.control("status")).output).toContain("PM2 is not running");
  });
});

describe("one that runs", () => {
  test("a start brings up six processes, and a second one keeps them", async () => {
    const first = await portos.control("start");
    expect(first.output).toContain("all 6 processes are healthy");
    expect(first.output).toContain(`http://localhost:${portos.basePort + 1}`);
    const before = pidsOf((await portos.control("status")).output);
    expect(before).toHaveLength(6);

    const second = await controlWith({ DISPLAY: ":7" }, "start"); // another terminal
    expect(second.output).not.toContain("started");
    expect(pidsOf((await portos.control("status")).output)).toEqual(before);
    const { code, output } = await portos.control("doctor");
    expect(output).toContain("All six processes answer");
    expect(code).toBe(0);
  });

  test("only the process that has changed is restarted", async () => {
    await portos.control("start");
    const before = pidsOf((await portos.control("status")).output);
    await forgetFingerprint("portos-ui");
    const { output } = await portos.control("start");
    expect(output).toContain("restarted portos-ui\n");
    const after = pidsOf((await portos.control("status")).output);
    expect(after.filter((line) => !before.includes(line))).toEqual([expect.stringMatching(/^portos-ui /)]);
  });

  test("the same data on other ports is refused while it is running", async () => {
    await portos.control("start");
    const { code, output } = await controlWith({ PORTOS_BASE_PORT: String(portos.basePort + 100) }, "start");
    expect(code).toBe(1);
    expect(output).toContain(`http://localhost:${portos.basePort}`);
    expect(pidsOf((await portos.control("status")).output)).toHaveLength(6);
  });

  test("portos-cos keeps running while a terminal lives in it, unless its restart is asked for", async () => {
    await portos.control("start");
    const response = await fetch(`${portos.url}/api/terminal/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ shellCommand: "sleep 600", cwd: portos.folder, cols: 80, rows: 24 }),
    });
    expect(response.status).toBe(200);
    const cosPid = async () =>
      pidsOf((await portos.control("status")).output).find((line) => line.startsWith("portos-cos "));
    const before = await cosPid();
    await forgetFingerprint("portos-cos");
    const kept = await portos.control("start");
    expect(kept.output).toContain("1 session(s) live in it");
    expect(await cosPid()).toBe(before);
    await portos.control("start", "--restart-cos");
    expect(await cosPid()).not.toBe(before);
  });

  test("a PM2 that does not answer is named with what to do about it", async () => {
    await portos.control("start");
    const pid = Number(await readFile(join(portos.stateDir, "pm2/pm2.pid"), "utf8"));
    process.kill(pid, "SIGSTOP");
    const { code, output } = await portos.control("status").finally(() => process.kill(pid, "SIGCONT"));
    expect(code).toBe(1);
    expect(output).toContain(`kill -9 ${pid}, then npm start`);
  });

  test("a stop ends them", async () => {
    await portos.control("start");
    expect(await portos.control("stop")).toMatchObject({ code: 0 });
    expect(await portos.control("status")).toMatchObject({ code: 1 });
    expect((await portos.control("stop")).output).toContain("PortOS is not running");
  });

  test("after PM2 was killed an app is named everywhere, survives the recovery from the panel, and a stop of all ends it", async () => {
    await portos.control("start");
    const [folder, port] = [await mkdtemp(join(portos.folder, "app-")), portos.basePort + 50];
    await writeFile(join(folder, "main.js"), `require("node:http").createServer((q, a) => a.end()).listen(${port});`);
    const run = { kind: "command", command: ["node", "main.js"] };
    await post("/api/apps", { name: "Blog", folder, processes: [{ name: "web", run, ports: [port] }] });
    expect(await post("/api/apps/blog/start", {})).toMatchObject({ status: "online" });
    const owner = async () => (await listeningPorts()).find((entry) => entry.port === port)?.pid ?? null;
    await expect.poll(owner).not.toBeNull();
    const before = await owner();
    await killDaemon();

    expect((await portos.control("status")).output).toMatch(/portos-server\s+without PM2[\s\S]*blog\/web \(pid \d+\)/);
    expect((await portos.control("doctor")).output).toContain("PM2 was killed; without it");
    expect(await post("/api/processes/recover", {})).toEqual({ sessionsEnded: 0 });
    await expect.poll(async () => pidsOf((await portos.control("status")).output), { timeout: 30_000 }).toHaveLength(6);
    expect(await owner()).toBe(before);
    expect((await portos.control("status")).output).toContain("blog/web (pid");

    const again = await post("/api/apps/blog/restart", {});
    expect(again).toMatchObject({ status: "online", problem: null });
    await expect.poll(owner).not.toBe(before);
    expect((await portos.control("doctor")).output).toContain("No app runs outside PortOS' management");

    await killDaemon();
    expect((await portos.control("stop")).output).toContain("keep running: blog/web");
    expect((await portos.control("stop", "--all")).output).toContain("ended blog/web");
    expect(await owner()).toBeNull();
  });

  test("after PM2 was killed a terminal goes on, a start replaces what was left, and a stop ends it", async () => {
    await portos.control("start");
    await killDaemon();
    const response = await fetch(`${portos.url}/api/terminal/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ shellCommand: "sleep 600", cwd: portos.folder, cols: 80, rows: 24 }),
    });
    expect(response.status).toBe(200);
    const refused = await portos.control("start");
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining("with 1 session(s)") as string });
    const replaced = await portos.control("start", "--restart-cos");
    expect(replaced.output).toContain("left behind by a PM2 that was killed");
    expect(replaced.output).toContain("all 6 processes are healthy");
    await killDaemon();
    expect((await portos.control("stop")).output).toContain("ended portos-server");
    await expect(fetch(`${portos.url}/api/health`)).rejects.toThrow();
  });

  test("a daemon of another PM2 version is not used", async () => {
    await portos.control("stop");
    const [version = ""] = await readdir(join(portos.stateDir, "pm2-runtime"));
    const file = join(portos.stateDir, "pm2-runtime", version, "node_modules/pm2/package.json");
    await writeFile(file, (await readFile(file, "utf8")).replace(`"version": "${version}"`, '"version": "6.0.14"'));
    await portos.control("start");
    const again = await portos.control("start");
    expect(again.code).toBe(1);
    expect(again.output).toContain(`runs version 6.0.14, this PortOS brings ${version}`);
    expect(await portos.control("doctor")).toMatchObject({ code: 1 });
  });
});

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${portos.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}

async function killDaemon(): Promise<void> {
  process.kill(Number(await readFile(join(portos.stateDir, "pm2/pm2.pid"), "utf8")), "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Makes the last start look as if it had brought up another build of this process. */
async function forgetFingerprint(name: string): Promise<void> {
  const file = join(portos.stateDir, "running.json");
  const record = JSON.parse(await readFile(file, "utf8")) as { fingerprints: Record<string, string> };
  record.fingerprints[name] = "another build";
  await writeFile(file, JSON.stringify(record));
}
