import { expect, test } from "vitest";

import { samplePort } from "./sample-app.ts";

test("the sample app gets a free port that browsers open", () => {
  expect(samplePort(0, new Set())).toBe(4100);
  expect(samplePort(800, new Set([4100, 4101]))).toBe(4102);
  expect(samplePort(90, new Set())).toBe(4191);
  expect(samplePort(89, new Set([4189, 4191]))).toBe(4192);
});
