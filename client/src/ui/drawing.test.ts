import { describe, expect, test } from "vitest";

import { menuPlace } from "./menu-place.ts";
import { sparklinePath, summarize } from "./sparkline-path.ts";

describe("menus", () => {
  const view = { width: 1000, height: 800 };
  const menu = { width: 200, height: 300 };

  test("open under the button with right edges aligned", () => {
    expect(menuPlace({ left: 500, right: 540, top: 100, bottom: 130 }, menu, view)).toEqual({ left: 340, top: 134 });
  });

  test("turn over where there is no room below", () => {
    expect(menuPlace({ left: 500, right: 540, top: 700, bottom: 730 }, menu, view).top).toBe(396);
  });

  test("never leave the window", () => {
    const { left, top } = menuPlace({ left: 0, right: 30, top: 100, bottom: 130 }, { width: 980, height: 790 }, view);
    expect(left).toBeGreaterThanOrEqual(8);
    expect(top).toBeGreaterThanOrEqual(8);
  });
});

describe("sparklines", () => {
  test("the highest value is at the upper edge, zero at the lower one", () => {
    expect(sparklinePath([0, 10], 100, 20).line).toBe("M0 18.5L100 1.5");
  });

  test("a gap in the values is a gap in the line", () => {
    expect(sparklinePath([1, null, 1], 100, 20).line.match(/M/g)).toHaveLength(2);
  });

  test("no values and only zeros draw without an error", () => {
    expect(sparklinePath([], 100, 20).line).toBe("");
    expect(sparklinePath([0, 0], 100, 20).line).toBe("M0 18.5L100 18.5");
  });

  test("the summary names the last, the lowest and the highest", () => {
    expect(summarize([3, null, 1, 2], String)).toBe("now 2, lowest 1, highest 3");
    expect(summarize([null], String)).toBe("no values yet");
  });
});
