import { basename, dirname } from "node:path";

import { describe, expect, test } from "vitest";

import { runMarks } from "../run-mark.ts";
import { fakeProc, type FakeFiles } from "../testing/fake-proc.ts";
import { findProgram } from "./find-program.ts";
import { brandBelow, brandProgram, isBranded } from "./run-brand.ts";
import { createRunMembers, isStartedByRun } from "./run-members.ts";

const dataDir = "/home/ada/portos/data";
const mark = runMarks(dataDir)("run-7").join("=");

interface FakeProcess {
  parent?: number;
  group?: number;
  session?: number;
  environment?: string[];
  limit?: number;
}

function filesOf(pid: number | "self", { parent = 1, group = 0, session = 0, environment = [], limit }: FakeProcess) {
  return {
    [`/proc/${pid}/stat`]: `${pid} (a (strange) name) S ${parent} ${group} ${session} 0 -1`,
    [`/proc/${pid}/environ`]: ["PATH=/bin", ...environment, ""].join("\0"),
    [`/proc/${pid}/limits`]: limits(limit),
  };
}

function limits(limit?: number): string {
  const value = limit === undefined ? "unlimited" : String(limit);
  return `Limit  Soft Limit  Hard Limit  Units\nMax file locks            ${value}   ${value}   locks\n`;
}

function find(pid: number, processes: Record<number, FakeProcess>, own: FakeProcess = {}) {
  const files: FakeFiles = { ...filesOf("self", own), ...filesOf(process.pid, own) };
  for (const [number, one] of Object.entries(processes)) Object.assign(files, filesOf(Number(number), one));
  return createRunMembers({ proc: fakeProc(files), dataDir }).find(pid);
}

const startedIn = (own: FakeProcess, panel: FakeProcess | null) => {
  const files: FakeFiles = { ...filesOf("self", own), ...filesOf(process.pid, own) };
  if (panel !== null) Object.assign(files, filesOf(90, panel));
  return isStartedByRun(dataDir, panel === null ? null : 90, fakeProc(files));
};

describe("a process belongs to a run", () => {
  test("when it carries the mark of a run of this PortOS, and no other", () => {
    expect(find(50, { 50: { environment: [mark] } })).toEqual({ runId: "run-7" });
    const check = runMarks(dataDir)("run-7", "command").join("=");
    expect(check).not.toBe(mark);
    expect(find(50, { 50: { environment: [check] } })).toEqual({ runId: "run-7" });
    expect(find(50, { 50: { environment: [runMarks("/other/data")("run-7").join("=")] } })).toBeNull();
    expect(find(50, { 50: { environment: [`NOTE=${mark}`, "AGENT_RUN=run-7"] } })).toBeNull();
    expect(find(50, { 50: {} })).toBeNull();
  });

  test("when a parent carries it, however far away", () => {
    const chain = { 50: { parent: 40 }, 40: { parent: 30 }, 30: { parent: 2, environment: [mark] } };
    expect(find(50, chain)).toEqual({ runId: "run-7" });
  });

  test("when the leader of its session or group carries it, its parent being gone", () => {
    const leader = { 30: { environment: [mark] } };
    expect(find(50, { ...leader, 50: { session: 30 } })).toEqual({ runId: "run-7" });
    expect(find(50, { ...leader, 50: { group: 30 } })).toEqual({ runId: "run-7" });
  });

  test("and to none in particular when it calls itself another run's than its parents do", () => {
    const other = runMarks(dataDir)("run-8").join("=");
    const chain = { 50: { parent: 30, environment: [other] }, 30: { parent: 2, environment: [mark] } };
    expect(find(50, chain)).toEqual({ runId: null });
    const leader = { 50: { environment: [other], session: 30 }, 30: { environment: [mark] } };
    expect(find(50, leader)).toEqual({ runId: null });
  });

  test("when it carries the brand, with nothing else left", () => {
    expect(find(50, { 50: { limit: 15 } })).toEqual({ runId: null });
    expect(find(50, { 50: { limit: 0 } })).toEqual({ runId: null });
    expect(find(50, { 50: { limit: 1024 } })).toBeNull();
  });

  test("but not for what this PortOS itself was started in", () => {
    const own = { environment: [mark], limit: 15 };
    expect(find(50, { 50: { environment: [mark], limit: 15 } }, own)).toBeNull();
    expect(find(50, { 50: { limit: 14 } }, own)).toEqual({ runId: null });
  });
});

describe("a command line belongs to a run", () => {
  test("by its mark, or by a brand the running PortOS does not have", () => {
    expect(startedIn({ environment: [mark] }, null)).toBe(true);
    expect(startedIn({ limit: 15 }, {})).toBe(true);
    expect(startedIn({ limit: 15 }, { limit: 15 })).toBe(false);
    expect(startedIn({ limit: 15 }, null)).toBe(false);
    expect(startedIn({}, {})).toBe(false);
  });
});

describe("the brand", () => {
  test("is below that of who gives it, as long as there is one", () => {
    expect([Infinity, 1024, 15, 1, 0].map(brandBelow)).toEqual([15, 15, 14, 0, null]);
    for (const own of [Infinity, 15, 1]) expect(isBranded(limits(brandBelow(own) ?? undefined), own)).toBe(true);
  });

  test.runIf(findProgram("prlimit", "/", process.env["PATH"]) !== null)(
    "is given whatever PATH an agent sends, and what is not found is never left to another search",
    () => {
      const nowhere = { cwd: "/", searchPath: ":/nowhere", proc: fakeProc({}) };
      expect(brandProgram({ file: process.execPath, args: ["a"] }, nowhere)).toEqual({
        file: findProgram("prlimit", "/", process.env["PATH"]),
        args: ["--locks=15:15", "--", process.execPath, "a"],
      });
      const here = { ...nowhere, cwd: dirname(process.execPath) };
      expect(() => brandProgram({ file: basename(process.execPath), args: [] }, here)).toThrow(
        expect.objectContaining({ code: "not_found", message: expect.stringContaining("not found") as unknown }),
      );
    },
  );
});
