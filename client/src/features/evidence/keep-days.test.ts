import { expect, test } from "vitest";

import { keepDaysProblem, removalQuestion } from "./keep-days.ts";

test("days that cannot be kept are refused with the rule, never made others", () => {
  expect(keepDaysProblem(0)).toBe("must be at least 1 day");
  expect(keepDaysProblem(-3)).toBe("must be at least 1 day");
  expect(keepDaysProblem(1.5)).toBe("must be whole days");
  expect(keepDaysProblem(3_651)).toBe("must be at most 3650 days");
  for (const typed of ["", " ", "-", "x"]) expect(keepDaysProblem(typed)).toContain("must be a number");
  for (const typed of [1, 365, 3_650, "30"]) expect(keepDaysProblem(typed)).toBeNull();
});

test("what would go is asked with its days and size, and nothing is asked when nothing goes", () => {
  expect(removalQuestion(36, { files: 0, bytes: 0, firstDay: null, lastDay: null })).toBeNull();
  const question = removalQuestion(36, { files: 2, bytes: 2_048, firstDay: "2026-01-01", lastDay: "2026-02-03" });
  expect(question?.title).toBe("Keep evidence for 36 days only?");
  expect(question?.text).toContain("from 2026-01-01 to 2026-02-03");
  expect(question?.text).toContain("2 files, 2");
});
