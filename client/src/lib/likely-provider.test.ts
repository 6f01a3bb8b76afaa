import { expect, test } from "vitest";

import { likelyProvider } from "./likely-provider.ts";

const [a, b, c] = [{ id: "a" }, { id: "b" }, { id: "c" }];

test("who answers is offered before who does not, in the order they stand", () => {
  expect(likelyProvider([a, b, c], [])).toBe(a);
  expect(likelyProvider([a, b, c], [{ id: "a", state: "down" }])).toBe(b);
  expect(
    likelyProvider(
      [a, b, c],
      [
        { id: "a", state: "limited" },
        { id: "c", state: "up" },
      ],
    ),
  ).toBe(c);
  expect(
    likelyProvider(
      [a, b],
      [
        { id: "a", state: "down" },
        { id: "b", state: "limited" },
      ],
    ),
  ).toBe(b);
  expect(likelyProvider([], [])).toBeUndefined();
});
