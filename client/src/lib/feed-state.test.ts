import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { emptyFeed, feedEvent, feedLost, feedSubscribed, type FeedState } from "./feed-state.ts";

const live = (cursor: string): FeedState<string> => ({ cursor, isSubscribed: true, waiting: [] });

describe("feed", () => {
  test("events that arrive before the answer to the subscription are applied after it, each once", () => {
    let state = emptyFeed<string>();
    state = feedEvent(state, "e:4", "four").state;
    state = feedEvent(state, "e:6", "six").state;
    const step = feedSubscribed(state, { cursor: "e:5", snapshot: "S", events: [], skipped: 0 });
    expect(step.snapshot).toEqual({ value: "S", skipped: 0 });
    expect(step.events).toEqual(["six"]);
    expect(step.state.cursor).toBe("e:6");
  });

  test("a missed number is a gap that keeps the last cursor for asking again", () => {
    const step = feedEvent(live("e:5"), "e:7", "seven");
    expect(step.hasGap).toBe(true);
    expect(step.events).toEqual([]);
    expect(step.state).toEqual({ cursor: "e:5", isSubscribed: false, waiting: [] });
  });

  test("an event of another epoch is a gap, whatever its number", () => {
    expect(feedEvent(live("e:5"), "f:6", "x").hasGap).toBe(true);
  });

  test("an event seen before is dropped", () => {
    const step = feedEvent(live("e:5"), "e:5", "five");
    expect([step.events, step.hasGap, step.state.cursor]).toEqual([[], false, "e:5"]);
  });

  test("after a lost connection the place is kept and live events wait for the new subscription", () => {
    const lost = feedLost(live("e:5"));
    expect(lost.cursor).toBe("e:5");
    expect(feedEvent(lost, "e:6", "six").events).toEqual([]);
  });

  test("however messages of one epoch are cut into reply and live events, each event is seen once and in order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        (a, b, c) => {
          const [early, replied, total] = [a, b, c].toSorted((x, y) => x - y);
          const from = early ?? 0;
          const upTo = replied ?? 0;
          let state = emptyFeed<number>();
          // Live events from `from` on race with a reply that holds everything up to `upTo`.
          for (let number = from + 1; number <= (total ?? 0); number += 1)
            state = feedEvent(state, `e:${String(number)}`, number).state;
          const step = feedSubscribed(state, {
            cursor: `e:${String(upTo)}`,
            events: Array.from({ length: upTo }, (_, index) => index + 1),
            skipped: 0,
          });
          expect(step.events).toEqual(Array.from({ length: total ?? 0 }, (_, index) => index + 1));
          expect(step.hasGap).toBe(false);
        },
      ),
    );
  });
});
