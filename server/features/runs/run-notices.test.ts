import { expect, test } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import { endNotice } from "./run-notices.ts";

const failed = { id: "run-1", title: "Fix the tests", state: "failed", message: "It gave up" } as Run;

const by = (source: Run["source"]) => endNotice({ ...failed, source });

test("a run that failed is told once: by itself, or by who gave it", () => {
  expect(by({ kind: "user", id: "user" })).toMatchObject({ title: "Fix the tests failed", needsYou: true });
  expect(by({ kind: "automation", id: "nightly" })).toBeNull();
  expect(by({ kind: "task", id: "task-1" })).toBeNull();
});

test("a run of an automation that may go on is told, because the answer lies with the run", () => {
  const source: Run["source"] = { kind: "automation", id: "nightly" };
  expect(endNotice({ ...failed, source, state: "interrupted" })).toMatchObject({ link: "/agents/run-1" });
});
