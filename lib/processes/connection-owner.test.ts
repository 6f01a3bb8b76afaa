import { expect, test } from "vitest";

import { createConnectionOwners } from "./connection-owner.ts";
import { fakeProc, socketLine, type FakeFiles } from "../testing/fake-proc.ts";
import type { ProcReader } from "./proc-reader.ts";

const peer = { address: "127.0.0.1", port: 40_000 };
const own = { address: "127.0.0.1", port: 5554 };
const theirs = socketLine({ local: peer, remote: own, inode: "77", userId: 1000 });
const ours = socketLine({ local: own, remote: peer, inode: "88", userId: 1000 });

const find = (files: FakeFiles, userId = 1000) =>
  createConnectionOwners({ proc: fakeProc(files), userId }).find(peer, own);

test("the process that holds the other end is found, not the one that holds ours", () => {
  const files = { "/proc/net/tcp": [ours, theirs], "/proc/50/fd": { "3": "socket:[88]" } };
  expect(find({ ...files, "/proc/60/fd": { "0": "/dev/null", "9": "socket:[77]" } })).toEqual({
    kind: "program",
    pid: 60,
  });
});

test("an IPv4 connection made through an IPv6 socket is found, too", () => {
  const mapped = socketLine({ local: peer, remote: own, inode: "77", userId: 1000, isMapped: true });
  const files = { "/proc/net/tcp": [ours], "/proc/net/tcp6": [mapped], "/proc/60/fd": { "9": "socket:[77]" } };
  expect(find(files)).toEqual({ kind: "program", pid: 60 });
});

test("a connection over IPv6 is found", () => {
  const [from, to] = [
    { address: "::1", port: 40_000 },
    { address: "::1", port: 5554 },
  ];
  const line = socketLine({ local: from, remote: to, inode: "77", userId: 1000 });
  const proc = fakeProc({ "/proc/net/tcp6": [line], "/proc/60/fd": { "9": "socket:[77]" } });
  expect(createConnectionOwners({ proc, userId: 1000 }).find(from, to)).toEqual({ kind: "program", pid: 60 });
});

test("an end nobody holds any more is gone, whether or not the system still lists it", () => {
  const closed = socketLine({ local: peer, remote: own, inode: "0", userId: 0, state: "05" });
  const half = socketLine({ local: own, remote: peer, inode: "88", userId: 1000, state: "08" });
  expect(find({ "/proc/net/tcp": [ours, closed] })).toEqual({ kind: "gone" });
  expect(find({ "/proc/net/tcp": [half] })).toEqual({ kind: "gone" });
  expect(find({ "/proc/net/tcp": [theirs, ours], "/proc/50/fd": {} })).toEqual({ kind: "gone" });
});

test("an end that is listed nowhere while ours is open is on another machine or in a container", () => {
  expect(find({ "/proc/net/tcp": [ours] })).toEqual({ kind: "elsewhere" });
});

test("another user's program is not of ours; a hidden one of ours may be it", () => {
  const files = { "/proc/60/fd": "denied", "/proc/61/fd": "denied" };
  const status = { "/proc/60/status": "Uid:\t1000\t1000\t1000\t1000", "/proc/61/status": "Uid:\t5\t5\t5\t5" };
  const roots = socketLine({ local: peer, remote: own, inode: "77", userId: 0 });
  expect(find({ ...files, ...status, "/proc/net/tcp": [roots, ours] })).toEqual({ kind: "elsewhere" });
  expect(find({ ...files, ...status, "/proc/net/tcp": [theirs, ours] })).toEqual({ kind: "hidden", pids: [60] });
});

/** A machine that starts and ends programs all the time. */
function busy(proc: ProcReader): ProcReader {
  let last = 1000;
  return {
    ...proc,
    list: (path) => {
      const names = proc.list(path);
      return path === "/proc" && Array.isArray(names) ? [...names, String((last += 1))] : names;
    },
  };
}

const findBusy = (all: FakeFiles) =>
  createConnectionOwners({ proc: busy(fakeProc(all)), userId: 1000 }).find(peer, own);

test("a hidden program may be it however busy the machine is; what nobody shows is gone", () => {
  const files = {
    "/proc/net/tcp": [theirs, ours],
    "/proc/60/fd": "denied",
    "/proc/60/status": "Uid:\t1000\t1000\t0\t0",
  };
  expect(findBusy(files)).toEqual({ kind: "hidden", pids: [60] });
  expect(findBusy({ "/proc/net/tcp": [theirs, ours] })).toEqual({ kind: "gone" });
});

test("a socket handed on while a hidden program is there is looked for again", () => {
  const files: FakeFiles = {
    "/proc/net/tcp": [theirs, ours],
    "/proc/60/fd": "denied",
    "/proc/60/status": "Uid:\t1000\t1000\t0\t0",
  };
  const proc = fakeProc(files);
  let listed = 0;
  const list = (path: string) => {
    if (path === "/proc" && (listed += 1) === 2) files["/proc/70/fd"] = { "9": "socket:[77]" };
    return proc.list(path);
  };
  expect(createConnectionOwners({ proc: { ...proc, list }, userId: 1000 }).find(peer, own)).toEqual({
    kind: "program",
    pid: 70,
  });
});

const namespace = (id: number) => ({ "/proc/self/ns": { pid: `pid:[${id}]` } });
const mount = (options: string) => ({
  "/proc/self/mountinfo": `21 27 0:20 / /sys rw - sysfs sysfs rw\n22 27 0:21 / /proc rw,relatime - proc proc ${options}\n`,
});

test("where not every process is shown, one that is not seen is unknown, and a closed end still gone", () => {
  const closed = socketLine({ local: peer, remote: own, inode: "0", userId: 0, state: "05" });
  const partly = [namespace(4_026_532_999), mount("rw,hidepid=2"), mount("rw,gid=7,hidepid=invisible")];
  for (const files of partly) {
    expect(find({ ...files, "/proc/net/tcp": [theirs, ours] })).toEqual({ kind: "unknown" });
    expect(find({ ...files, "/proc/net/tcp": [closed, ours] })).toEqual({ kind: "gone" });
  }
  const whole = { ...namespace(4_026_531_836), ...mount("rw"), "/proc/net/tcp": [theirs, ours] };
  expect(find(whole)).toEqual({ kind: "gone" });
});

test("users of a container that an agent may have made count like hidden programs", () => {
  const mapped = socketLine({ local: peer, remote: own, inode: "77", userId: 100_999 });
  const status = "Uid:\t100999\t100999\t100999\t100999";
  const files = { "/proc/net/tcp": [mapped, ours], "/proc/60/fd": "denied", "/proc/60/status": status };
  expect(find(files)).toEqual({ kind: "hidden", pids: [60] });
});

test("where there are no tables nothing is known", () => {
  expect(find({})).toEqual({ kind: "unknown" });
});

test("connections of an address of this machine to itself are looked at, those to a proxy before all", () => {
  const [from, to] = [
    { address: "100.101.102.103", port: 41_000 },
    { address: "100.101.102.103", port: 443 },
  ];
  const lines = [
    socketLine({ local: from, remote: to, inode: "70", userId: 1000 }),
    socketLine({ local: to, remote: from, inode: "71", userId: 0 }),
    theirs,
  ];
  const proc = fakeProc({ "/proc/net/tcp": lines, "/proc/60/fd": { "4": "socket:[70]", "5": "socket:[77]" } });
  const { between } = createConnectionOwners({ proc, userId: 1000 });
  const program = { kind: "program", pid: 60 };
  expect(between("100.101.102.103", [443])).toEqual([program]);
  expect(between("100.101.102.103", [8443])).toEqual([program, { kind: "elsewhere" }]);
});
