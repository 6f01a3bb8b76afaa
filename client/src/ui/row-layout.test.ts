import * as fc from "fast-check";
import { expect, test } from "vitest";

import { layOut, rowAt, rowsInSight } from "./row-layout.ts";

test("the row at a height is the one that covers it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 200 }),
      fc.nat(),
      (heights, at) => {
        const starts = layOut(heights.length, (index) => heights[index] ?? 0);
        const top = at % (starts.at(-1) ?? 1);
        const row = rowAt(starts, top);
        expect(starts[row]).toBeLessThanOrEqual(top);
        expect(starts[row + 1]).toBeGreaterThan(top);
      },
    ),
  );
});

test("what is in sight covers the window and no more than its margin", () => {
  const starts = layOut(1_000, () => 20);
  expect(rowsInSight(starts, 5_000, 400, 100)).toEqual({ first: 245, last: 276 });
  expect(rowsInSight(starts, 0, 400, 100)).toEqual({ first: 0, last: 26 });
  expect(rowsInSight(starts, 19_900, 400, 100)).toEqual({ first: 990, last: 1_000 });
  expect(
    rowsInSight(
      layOut(0, () => 20),
      0,
      400,
      100,
    ),
  ).toEqual({ first: 0, last: 0 });
});
