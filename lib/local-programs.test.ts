import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";

import { expect, test } from "vitest";

import { createLocalPrograms } from "./local-programs.ts";
import { silentLogger } from "./logger.ts";
import { runMarks } from "./run-mark.ts";
import { fakeProc, socketLine } from "./testing/fake-proc.ts";
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

function requestFrom(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  const socket = { remoteAddress, remotePort: peer.port, localAddress: own.address, localPort: own.port };
  return { socket, headers } as unknown as IncomingMessage;
}

const judge = (proc: ProcReader) => createLocalPrograms({ dataDir, logger: silentLogger, proc, userId: 1000 });

test.runIf(process.platform === "linux")("a program of a run is refused and named", () => {
  const agent = { reason: "agent", name: "curl of run run-7" };
  expect(judge(fakeProc(files)).refusal(requestFrom("127.0.0.1"))).toEqual(agent);
  expect(judge(fakeProc(files)).refusal(requestFrom("::ffff:127.0.0.1"))).toEqual(agent);
  expect(judge(fakeProc({ ...files, "/proc/60/environ": "" })).refusal(requestFrom("127.0.0.1"))).toBeNull();
});

test.runIf(process.platform === "linux")("whoever cannot be known because it went away is refused", () => {
  const gone = { ...files, "/proc/net/tcp": [socketLine({ local: peer, remote: own, inode: "0", userId: 0 })] };
  expect(judge(fakeProc(gone)).refusal(requestFrom("127.0.0.1"))).toMatchObject({ reason: "gone" });
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
