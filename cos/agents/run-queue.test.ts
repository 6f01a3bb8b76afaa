import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chooseNext, type Queued } from "./run-queue.ts";

const run = (id: string, lane: string, provider = "a"): Queued => ({ id, lane, provider });
const limits = { total: 4, perProvider: 2 };

describe("run queue", () => {
  it("starts the oldest, up to the limits", () => {
    const waiting = [run("1", "x"), run("2", "x")];
    expect(chooseNext(waiting, [], limits)?.id).toBe("1");
    const four = ["b", "c", "d", "e"].map((name) => run(name, "x", name));
    expect(chooseNext(waiting, four, limits)).toBeNull();
  });

  it("passes over a provider that is busy", () => {
    const running = [run("r1", "x"), run("r2", "x")];
    expect(chooseNext([run("1", "x"), run("2", "x", "b")], running, limits)?.id).toBe("2");
  });

  it("lets lanes take turns, however many one of them has sent", () => {
    const waiting = [
      ...Array.from({ length: 20 }, (_, at) => run(`many-${at}`, "many", "m")),
      run("one", "other", "o"),
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

  it("starts everything in the end and never more than allowed", () => {
    const one = fc.record({ lane: fc.constantFrom("a", "b", "c"), provider: fc.constantFrom("p", "q", "r") });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), fc.infiniteStream(fc.nat()), (facts, ends) => {
        const left = facts.map((fact, at) => ({ id: String(at), ...fact }));
        const running: Queued[] = [];
        let started = 0;
        while (left.length > 0 || running.length > 0) {
          for (let next = chooseNext(left, running, limits); next; next = chooseNext(left, running, limits)) {
            running.push(...left.splice(left.indexOf(next), 1));
            started += 1;
          }
          expect(running.length).toBeGreaterThan(0);
          expect(running.length).toBeLessThanOrEqual(limits.total);
          for (const provider of ["p", "q", "r"])
            expect(running.filter((each) => each.provider === provider).length).toBeLessThanOrEqual(2);
          running.splice(Number(ends.next().value) % running.length, 1);
        }
        expect(started).toBe(facts.length);
      }),
    );
  });
});
