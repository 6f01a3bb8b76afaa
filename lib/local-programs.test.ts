import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";

import { describe, expect, test } from "vitest";

import { createLocalPrograms } from "./local-programs.ts";
import { silentLogger } from "./logger.ts";
import { runMarks } from "./run-mark.ts";
import { fakeProc, socketLine, type FakeFiles } from "./testing/fake-proc.ts";
import type { ProcReader } from "./processes/proc-reader.ts";

const dataDir = "/home/ada/portos/data";
const mark = runMarks(dataDir)("run-7").join("=");
const peer = { address: "127.0.0.1", port: 40_000 };
const own = { address: "127.0.0.1", port: 5554 };
const files = {
  "/proc/net/tcp": [socketLine({ local: peer, remote: own, inode: "77", userId: 1000 })],
  "/proc/60/fd": { "9": "socket:[77]" },
  "/proc/60/comm": "curl\n",
  "/proc/60/environ": `${mark}\0`,
};

function requestFrom(
  remoteAddress: string,
  headers: Record<string, string> = {},
  remotePort = peer.port,
): IncomingMessage {
  const socket = { remoteAddress, remotePort, localAddress: own.address, localPort: own.port };
  return { socket, headers } as unknown as IncomingMessage;
}

const options = { dataDir, logger: silentLogger, uiPort: 5555, userId: 1000 };
const judge = (proc: ProcReader) => createLocalPrograms({ ...options, proc });

test.runIf(process.platform === "linux")("a program of a run is refused and named", () => {
  const agent = { reason: "agent", name: "curl of run run-7", runId: "run-7" };
  expect(judge(fakeProc(files)).refusal(requestFrom("127.0.0.1"))).toEqual(agent);
  expect(judge(fakeProc(files)).refusal(requestFrom("::ffff:127.0.0.1"))).toEqual(agent);
  expect(judge(fakeProc({ ...files, "/proc/60/environ": "" })).refusal(requestFrom("127.0.0.1"))).toBeNull();
});

test.runIf(process.platform === "linux")("whoever cannot be known because it went away is refused", () => {
  const gone = { ...files, "/proc/net/tcp": [socketLine({ local: peer, remote: own, inode: "0", userId: 0 })] };
  expect(judge(fakeProc(gone)).refusal(requestFrom("127.0.0.1"))).toMatchObject({ reason: "gone" });
});

/** A program of this user that does not show what it has open. */
function hidden(pid: number, name: string, { parent = 1, isBranded = false } = {}): FakeFiles {
  return {
    [`/proc/${pid}/fd`]: "denied",
    [`/proc/${pid}/comm`]: name,
    [`/proc/${pid}/status`]: "Uid:\t1000\t1000\t1000\t1000",
    [`/proc/${pid}/stat`]: `${pid} (${name}) S ${parent} ${pid} ${pid} 0`,
    [`/proc/${pid}/limits`]: isBranded
      ? "Max file locks            15                   15                   locks\n"
      : "",
  };
}

const judged = (more: FakeFiles) =>
  judge(fakeProc({ "/proc/net/tcp": files["/proc/net/tcp"], ...more })).refusal(requestFrom("127.0.0.1"));

test.runIf(process.platform === "linux")(
  "a tunnel is let in while an agent runs a hidden program, an agent's is not",
  () => {
    const tunnel = { ...hidden(70, "sshd-session", { parent: 69 }), "/proc/69/stat": "69 (sshd-session) S 1 69 69 0" };
    const agents = hidden(80, "chrome", { isBranded: true });
    const users = hidden(90, "ssh-agent");
    expect(judged({ ...tunnel, ...agents })).toBeNull();
    expect(judged({ ...users, ...hidden(91, "other") })).toBeNull();
    const refused = { reason: "agent", name: "chrome of a run", runId: null };
    expect(judged(agents)).toEqual(refused);
    expect(judged({ ...users, ...agents })).toEqual(refused);
    expect(judged({ ...agents, ...hidden(81, "sshd", { isBranded: true }) })).toMatchObject({ reason: "agent" });
    // One whose parents are in another pid namespace may come from an sshd there; one that has ended may not.
    expect(judged({ ...agents, ...hidden(92, "sh", { parent: 0 }) })).toBeNull();
    const ended = { "/proc/93/fd": "denied", "/proc/93/status": "Uid:\t1000\t1000\t1000\t1000" };
    expect(judged({ ...agents, ...ended })).toEqual(refused);
  },
);

test.runIf(process.platform === "linux")("a program of another pid namespace is let in, which is said once", () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const proc = fakeProc({ "/proc/net/tcp": files["/proc/net/tcp"], "/proc/self/ns": { pid: "pid:[4026532999]" } });
  const programs = createLocalPrograms({ dataDir, logger, uiPort: 5555, proc, userId: 1000 });
  expect(programs.refusal(requestFrom("127.0.0.1"))).toBeNull();
  expect(programs.refusal(requestFrom("127.0.0.1"))).toBeNull();
  expect(warnings).toHaveLength(1);
});

const [here] = Object.values(networkInterfaces())
  .flatMap((entries) => entries ?? [])
  .filter(({ family, internal }) => family === "IPv4" && !internal)
  .map(({ address }) => address);

test.runIf(process.platform === "linux" && here !== undefined)(
  "what a proxy of this machine passes on for its own address is judged by who connects from there",
  () => {
    const address = here ?? "";
    const [from, to] = [
      { address, port: 41_000 },
      { address, port: 443 },
    ];
    const direct = socketLine({ local: peer, remote: own, inode: "77", userId: 0 });
    const behind = socketLine({ local: from, remote: to, inode: "70", userId: 1000 });
    const forwarded = (lines: string[], environment: string) =>
      judge(
        fakeProc({ "/proc/net/tcp": lines, "/proc/60/fd": { "4": "socket:[70]" }, "/proc/60/environ": environment }),
      ).refusal(requestFrom("127.0.0.1", { "x-forwarded-for": address }));
    expect(forwarded([direct, behind], "")).toBeNull();
    expect(forwarded([direct, behind], `${mark}\0`)).toMatchObject({ reason: "agent" });
    expect(forwarded([direct], "")).toMatchObject({ reason: "gone" });
    const users = (port: number) =>
      socketLine({ local: { address, port: 41_001 }, remote: { address, port }, inode: "71", userId: 0 });
    const elsewhere = { address, port: 3000 };
    const agents = socketLine({ local: from, remote: elsewhere, inode: "70", userId: 1000 });
    for (const port of [443, 8443, 5555]) expect(forwarded([direct, agents, users(port)], `${mark}\0`)).toBeNull();
    expect(forwarded([direct, agents, users(8080)], `${mark}\0`)).toMatchObject({ reason: "agent" });
  },
);

test("a system that tells nothing refuses nobody", () => {
  expect(judge(fakeProc({})).refusal(requestFrom("127.0.0.1"))).toBeNull();
});

test("a connection is looked up once, one of another machine never", () => {
  let reads = 0;
  const proc = fakeProc({ ...files, "/proc/60/environ": "" });
  const programs = judge({ ...proc, read: (path) => ((reads += 1), proc.read(path)) });
  expect(programs.refusal(requestFrom("100.64.0.9"))).toBeNull();
  expect(reads).toBe(0);
  const { socket } = requestFrom("127.0.0.1");
  programs.refusal({ socket, headers: {} } as unknown as IncomingMessage);
  const first = reads;
  programs.refusal({ socket, headers: {} } as unknown as IncomingMessage);
  expect(reads).toBe(first);
});

/** As if its program took this long to look at. */
function slow(proc: ProcReader, clock: { ms: number }, tookMs: number): ProcReader {
  return { ...proc, list: (path) => ((clock.ms += path === "/proc" ? tookMs : 0), proc.list(path)) };
}

const from = (port: number) => requestFrom("127.0.0.1", {}, port);
const line = (port: number) => socketLine({ local: { ...peer, port }, remote: own, inode: String(port), userId: 1000 });

describe.runIf(process.platform === "linux")("a program of a run that connects again and again", () => {
  const ports = [40_001, 40_002, 40_003];

  test("is read once for all its connections that come at once, and anew for everybody else", () => {
    const clock = { ms: 0 };
    let reads = 0;
    const all = {
      "/proc/net/tcp": [...ports, 50_000].map((port) => line(port)),
      "/proc/60/fd": Object.fromEntries(ports.map((port) => [String(port), `socket:[${port}]`])),
      "/proc/60/environ": `${mark}\0`,
      "/proc/61/fd": { "3": "socket:[50000]" },
    };
    const fake = fakeProc(all);
    const proc = { ...fake, read: (path: string) => ((reads += 1), fake.read(path)) };
    const programs = createLocalPrograms({ ...options, proc, now: () => clock.ms });
    expect(programs.refusal(from(40_001))).toMatchObject({ reason: "agent" });
    expect(programs.refusal(from(40_002))).toMatchObject({ reason: "agent" });
    reads = 0;
    expect(programs.refusal(from(40_003))).toMatchObject({ reason: "agent" });
    expect(reads).toBe(0);
    expect(programs.refusal(from(50_000))).toBeNull();
    // What was read before counts for nobody who would be let in, nor after a moment.
    all["/proc/60/environ"] = "";
    clock.ms += 1_100;
    expect(programs.refusal(from(40_003))).toBeNull();
  });

  test("keeps nobody out by asking often with one and the same program", () => {
    const clock = { ms: 0 };
    const often = Array.from({ length: 300 }, (_, index) => 42_000 + index);
    const many: FakeFiles = {
      "/proc/net/tcp": [...often, 51_000].map((port) => line(port)),
      "/proc/60/fd": Object.fromEntries(often.map((port) => [String(port), `socket:[${port}]`])),
      "/proc/60/environ": `${mark}\0`,
      "/proc/62/fd": { "3": "socket:[51000]" },
    };
    const fake = fakeProc(many);
    const proc = { ...fake, read: (path: string) => ((clock.ms += 40), fake.read(path)) };
    const programs = createLocalPrograms({ ...options, proc, now: () => clock.ms });
    for (const port of often) {
      clock.ms += 60; // what was read before is too old for the next one
      expect(programs.refusal(from(port))).toMatchObject({ reason: "agent" });
    }
    expect(programs.refusal(from(51_000))).toBeNull();
  });

  test("keeps nobody out who has connected lately, and others for a moment only", () => {
    const clock = { ms: 0 };
    const agents = Array.from({ length: 12 }, (_, index) => 41_000 + index);
    const many: FakeFiles = {
      "/proc/net/tcp": [...agents, 50_000, 50_001, 51_000].map((port) => line(port)),
      "/proc/61/fd": { "3": "socket:[50000]", "4": "socket:[50001]" },
      "/proc/62/fd": { "3": "socket:[51000]" },
    };
    for (const [index, port] of agents.entries())
      Object.assign(many, {
        [`/proc/${100 + index}/fd`]: { "3": `socket:[${port}]` },
        [`/proc/${100 + index}/environ`]: `${mark}\0`,
      });
    const proc = slow(fakeProc(many), clock, 40);
    const programs = createLocalPrograms({ ...options, proc, now: () => clock.ms });
    expect(programs.refusal(from(50_000))).toBeNull();
    const told = agents.map((port) => programs.refusal(from(port))?.reason);
    expect(new Set(told)).toEqual(new Set(["agent", "busy"]));
    expect(programs.refusal(from(51_000))).toMatchObject({ reason: "busy" });
    expect(programs.refusal(from(50_001))).toBeNull();
    clock.ms += 1_000;
    expect(programs.refusal(from(51_000))).toBeNull();
  });
});
