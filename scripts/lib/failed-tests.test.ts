import { expect, test } from "vitest";

import { failedOfPlaywright, failedOfVitest } from "./failed-tests.mjs";

test("failed tests of Vitest are named with their file and the words of the failure, without colours", () => {
  const report = {
    testResults: [
      {
        name: "/project/lib/a.test.ts",
        status: "failed",
        assertionResults: [
          { status: "passed", fullName: "is fine", failureMessages: [] },
          { status: "failed", fullName: "is not", failureMessages: ["\u001b[31mexpected 1 to be 2\u001b[39m"] },
        ],
      },
      { name: "/project/lib/b.test.ts", status: "failed", message: "Cannot find c.ts", assertionResults: [] },
      { name: "/project/lib/d.test.ts", status: "passed", assertionResults: [{ status: "passed", fullName: "d" }] },
    ],
  };
  expect(failedOfVitest(report, "/project")).toEqual([
    { file: "lib/a.test.ts", title: "is not", message: "expected 1 to be 2" },
    { file: "lib/b.test.ts", title: "the whole file", message: "Cannot find c.ts" },
  ]);
  expect(failedOfVitest({}, "/project")).toEqual([]);
});

const spec = (title: string, status: string) => ({
  title,
  file: "a.spec.ts",
  tests: [{ projectName: "phone", status, results: [{ status: "failed", error: { message: "x".repeat(700) } }] }],
});

test("failed tests of Playwright are found in nested suites, with the device they failed on", () => {
  const report = {
    suites: [
      { specs: [spec("one", "expected")], suites: [{ specs: [spec("two", "unexpected"), spec("three", "flaky")] }] },
    ],
  };
  const failed = failedOfPlaywright(report);
  expect(failed.map(({ file, title }) => ({ file, title }))).toEqual([{ file: "a.spec.ts", title: "[phone] two" }]);
  expect(failed[0]?.message).toBe(`${"x".repeat(600)} …`);
});
