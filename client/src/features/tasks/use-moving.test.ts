import { expect, test } from "vitest";

import { ofPointer } from "./use-moving.ts";

test("a card follows the finger that holds it, and no second one", () => {
  const heard: number[] = [];
  const hear = ofPointer(7, ({ pointerId, clientX }) => heard.push(pointerId, clientX));
  for (const [pointerId, clientX] of [
    [7, 1],
    [8, 2],
    [7, 3],
  ] as const) {
    hear({ pointerId, clientX } as PointerEvent);
  }
  expect(heard).toEqual([7, 1, 7, 3]);
});
