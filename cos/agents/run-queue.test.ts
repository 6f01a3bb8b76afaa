import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chooseNext, startsPerTurn, type Queued } from "./run-queue.ts";

const run = (id: string, lane: string, changes: Partial<Queued> = {}): Queued => ({
  id,
  lane,
  appId: null,
  provider: "a",
  rank: 2,
  ...changes,
});
const limits = { total: 4, perApp: 2, perProvider: 2 };

describe("run queue", () => {
  it("starts the oldest, up to the limits", () => {
    const waiting = [run("1", "x"), run("2", "x")];
    expect(chooseNext(waiting, [], limits)?.id).toBe("1");
    const four = ["b", "c", "d", "e"].map((provider) => run(provider, "x", { provider }));
    expect(chooseNext(waiting, four, limits)).toBeNull();
  });

  it("passes over a provider or an app that is busy", () => {
    const running = [run("r1", "x"), run("r2", "x")];
    expect(chooseNext([run("1", "x"), run("2", "x", { provider: "b" })], running, limits)?.id).toBe("2");
    const ofApp = ["b", "c"].map((provider) => run(provider, "y", { provider, appId: "blog" }));
    const waiting = [run("1", "y", { appId: "blog" }), run("2", "y", { appId: "shop" })];
    expect(chooseNext(waiting, ofApp, limits)?.id).toBe("2");
  });

  it("lets lanes take turns, however many one of them has sent", () => {
    const waiting = [
      ...Array.from({ length: 20 }, (_, at) => run(`many-${at}`, "many", { provider: "m" })),
      run("one", "other", { provider: "o" }),
    ];
    const order: string[] = [];
    const running: Queued[] = [];
    const left = [...waiting];
    for (let next = chooseNext(left, running, limits); next; next = chooseNext(left, running, limits)) {
      order.push(next.id);
      running.push(next);
      left.splice(left.indexOf(next), 1);
    }
    expect(order).toEqual(["many-0", "one", "many-1"]);
  });

  it("lets lanes take turns also where only one may run", () => {
    let waiting = [
      ...["1", "2", "3"].map((id) => run(`many-${id}`, "many")),
      ...["1", "2"].map((id) => run(`few-${id}`, "few")),
      run("one", "other"),
    ];
    const order: string[] = [];
    let lanes: string[] = [];
    for (;;) {
      const next = chooseNext(waiting, [], { ...limits, total: 1 }, { startCount: 0, lanes });
      if (!next) break;
      order.push(next.id);
      waiting = waiting.filter((each) => each !== next);
      lanes = [...lanes.filter((lane) => lane !== next.lane), next.lane];
    }
    expect(order).toEqual(["many-1", "few-1", "one", "many-2", "few-2", "many-3"]);
  });

  it("starts what was started by hand before any number of waiting tasks", () => {
    const tasks = Array.from({ length: 20 }, (_, at) => run(`task-${at}`, "task", { provider: `p${at}` }));
    const byHand = run("by-hand", "user", { rank: 0 });
    expect(chooseNext([...tasks, byHand], [], limits)?.id).toBe("by-hand");
  });

  it("lets nothing wait for ever, however many urgent ones keep coming", () => {
    let waiting = [run("patient", "low", { rank: 3 })];
    for (let started = 0; ; started += 1) {
      expect(started).toBeLessThan(startsPerTurn);
      waiting = [...waiting, run(`urgent-${started}`, "user", { rank: 0 })];
      const next = chooseNext(waiting, [], limits, { startCount: started, lanes: [] });
      if (next?.id === "patient") return;
      waiting = waiting.filter((each) => each !== next);
    }
  });

  it("starts everything in the end and never more than allowed", () => {
    const one = fc.record({
      lane: fc.constantFrom("a", "b", "c"),
      provider: fc.constantFrom("p", "q", "r"),
      appId: fc.constantFrom("x", "y", null),
      rank: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), fc.infiniteStream(fc.nat()), (facts, ends) => {
        const left = facts.map((fact, at) => ({ id: String(at), ...fact }));
        const running: Queued[] = [];
        let started = 0;
        while (left.length > 0 || running.length > 0) {
          for (;;) {
            const next = chooseNext(left, running, limits, { startCount: started, lanes: [] });
            if (!next) break;
            running.push(...left.splice(left.indexOf(next), 1));
            started += 1;
          }
          expect(running.length).toBeGreaterThan(0);
          expect(running.length).toBeLessThanOrEqual(limits.total);
          for (const provider of ["p", "q", "r"])
            expect(running.filter((each) => each.provider === provider).length).toBeLessThanOrEqual(2);
          for (const appId of ["x", "y"])
            expect(running.filter((each) => each.appId === appId).length).toBeLessThanOrEqual(2);
          running.splice(Number(ends.next().value) % running.length, 1);
        }
        expect(started).toBe(facts.length);
      }),
    );
  });
});
